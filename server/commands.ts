/** The private socket of a running control process: what an administrator at the machine asks of it. Only the user who started MapWall can open it (0700 folder). */
import { rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { z } from 'zod'

export const ImportCommand = z.object({
  command: z.literal('importCameras'),
  fileName: z.string().max(300),
  tableBase64: z.base64(),
  isDryRun: z.boolean(),
  /** Account of the operating system. */
  by: z.string().max(100),
})
export type ImportCommand = z.infer<typeof ImportCommand>

export type CommandSocket = { close(): void }

const MAX_LINE_BYTES = 16 * 1024 * 1024
const ANSWER_WITHIN_MS = 60_000

/** One JSON line in, one out: `{ result }` or `{ problem }`. */
export async function openCommandSocket(path: string, answer: (command: ImportCommand) => Promise<unknown>): Promise<CommandSocket> {
  rmSync(path, { force: true }) // left by a killed predecessor
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    readLine(socket)
      .then(async (line) => answer(ImportCommand.parse(JSON.parse(line))))
      .then(
        (result) => socket.end(`${JSON.stringify({ result })}\n`),
        (problem: Error) => socket.end(`${JSON.stringify({ problem: problem.message })}\n`),
      )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return { close: () => void server.close() }
}

/** Undefined: nobody listens there. */
export async function sendCommand(path: string, command: ImportCommand): Promise<unknown> {
  const socket = createConnection(path)
  socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(new Error('no answer')))
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  } catch (problem) {
    if (['ENOENT', 'ECONNREFUSED'].includes((problem as NodeJS.ErrnoException).code ?? '')) return undefined
    throw problem
  }
  socket.write(`${JSON.stringify(command)}\n`)
  const answer = JSON.parse(await readLine(socket)) as { result?: unknown; problem?: string }
  if (answer.problem !== undefined) throw new Error(answer.problem)
  return answer.result
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (chunk.includes(0x0a)) resolve(Buffer.concat(chunks).toString('utf8'))
      else if (bytes > MAX_LINE_BYTES) socket.destroy(new Error(`more than ${MAX_LINE_BYTES} bytes`))
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection ended')))
  })
}
