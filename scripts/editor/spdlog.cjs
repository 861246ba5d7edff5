// Stands in for @vscode/spdlog, a C++ module that would have to be compiled. Without one, VS Code writes no log files,
// and since an output channel is a view of its log file, every output channel stays empty.
const fs = require('node:fs')
const path = require('node:path')

exports.version = 0
exports.setLevel = () => {}
exports.setFlushOn = () => {}
exports.createRotatingLogger = async (_name, file) => new Logger('', '', file)
exports.createAsyncRotatingLogger = exports.createRotatingLogger

/** Never rotates: an editor for a demo or a test writes little. */
class Logger {
  #file
  #level = 2
  #isPlain = false

  constructor(_kind, _name, file) {
    fs.mkdirSync(path.dirname(file), { recursive: true })
    this.#file = fs.openSync(file, 'a')
  }

  setLevel(level) {
    this.#level = level
  }

  getLevel() {
    return this.#level
  }

  setPattern() {
    this.#isPlain = false
  }

  clearFormatters() {
    this.#isPlain = true
  }

  flush() {}

  drop() {
    if (this.#file !== undefined) fs.closeSync(this.#file)
    this.#file = undefined
  }

  trace(message) {
    this.#write(0, 'trace', message)
  }

  debug(message) {
    this.#write(1, 'debug', message)
  }

  info(message) {
    this.#write(2, 'info', message)
  }

  warn(message) {
    this.#write(3, 'warning', message)
  }

  error(message) {
    this.#write(4, 'error', message)
  }

  critical(message) {
    this.#write(5, 'critical', message)
  }

  #write(level, name, message) {
    if (level < this.#level || this.#file === undefined) return
    const time = new Date().toISOString().replace('T', ' ').slice(0, -1)
    fs.writeSync(this.#file, this.#isPlain ? message : `${time} [${name}] ${message}\n`)
  }
}
exports.Logger = Logger
