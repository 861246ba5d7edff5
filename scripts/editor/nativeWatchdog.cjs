// Stands in for @vscode/native-watchdog, a C++ module that would have to be compiled. It ends an extension host whose
// server is gone even when JavaScript hangs; the host's own check, once a second, does for us, and so does the leash.
exports.start = () => {}
exports.exit = (code) => process.exit(code ?? 0)
