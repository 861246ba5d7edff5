// Listens on a port of the loopback of its own network namespace, and relays to a socket in the file system, behind which
// another namespace is: loopbackRelay.mjs PORT SOCKET. Prints a line when it listens, ends when its standard input does.
import { connect, createServer } from 'node:net'

const [port, socket] = process.argv.slice(2)
createServer((client) => {
  const server = connect(socket)
  client.pipe(server).pipe(client)
  client.on('error', () => server.destroy())
  server.on('error', () => client.destroy())
}).listen(Number(port), '127.0.0.1', () => console.log('ready'))
process.stdin.resume().on('end', () => process.exit())
