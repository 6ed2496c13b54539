/** The private socket of a running control process: what an administrator at the machine asks of it. Only the user who started MapWall can open it (0700 folder). */
import { rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { z } from 'zod'
import { CameraId, Instant, Profile } from './contract/ids.ts'

/** Account of the operating system. */
const by = z.string().max(100)

export const ImportCommand = z.object({
  command: z.literal('importCameras'),
  fileName: z.string().max(300),
  tableBase64: z.base64(),
  isDryRun: z.boolean(),
  by,
})
export type ImportCommand = z.infer<typeof ImportCommand>

/** A row of the index of recordings. */
const IndexRow = z.object({
  cameraId: CameraId,
  fromAt: Instant,
  toAt: Instant,
  profile: Profile,
  diskId: z.string(),
  path: z.string(),
  bytes: z.number(),
})

/** A page of the index behind `after`. */
export const ListIndexCommand = z.object({ command: z.literal('listIndex'), after: IndexRow.pick({ cameraId: true, fromAt: true }).nullable() })
export const ChangeIndexCommand = z.object({
  command: z.literal('changeIndex'),
  put: z.array(IndexRow),
  remove: z.array(IndexRow.pick({ cameraId: true, fromAt: true })),
})
/** Says in the audit log that an administrator at the machine did something to recordings, and with what result. */
export const NoteCommand = z.object({
  command: z.literal('note'),
  name: z.string(),
  by,
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
})
export type NoteCommand = z.infer<typeof NoteCommand>
/** Writes a backup to this file, which does not exist yet. */
export const BackupCommand = z.object({ command: z.literal('backup'), file: z.string(), by })
export type BackupCommand = z.infer<typeof BackupCommand>

export const Command = z.discriminatedUnion('command', [ImportCommand, ListIndexCommand, ChangeIndexCommand, NoteCommand, BackupCommand])
export type Command = z.infer<typeof Command>

export type CommandSocket = { close(): void }
/** How far a long command has come, in words for the person who waits. */
export type SayProgress = (line: string) => void

const MAX_LINE_BYTES = 16 * 1024 * 1024
/** Without a word for so long there is nobody any more. */
const SILENCE_MS = 60_000

/** One JSON line in; out come `{ progress }` lines and one last `{ result }` or `{ problem }`. */
export async function openCommandSocket(path: string, answer: (command: Command, sayProgress: SayProgress) => Promise<unknown>): Promise<CommandSocket> {
  rmSync(path, { force: true }) // left by a killed predecessor
  const server: Server = createServer((socket) => {
    const send = (message: object) => socket.writable && socket.write(`${JSON.stringify(message)}\n`)
    socket.on('error', () => socket.destroy())
    readLines(socket)
      .next()
      .then(({ value }) => answer(Command.parse(JSON.parse(value ?? '')), (progress) => send({ progress })))
      .then(
        (result) => send({ result }),
        (problem: Error) => send({ problem: problem.message }),
      )
      .finally(() => socket.end())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return { close: () => void server.close() }
}

/** Undefined: nobody listens there. */
export async function sendCommand(path: string, command: Command, sayProgress: SayProgress = () => undefined): Promise<{ result: unknown } | undefined> {
  const socket = createConnection(path)
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('no answer')))
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  } catch (problem) {
    if (['ENOENT', 'ECONNREFUSED'].includes((problem as NodeJS.ErrnoException).code ?? '')) return undefined
    throw problem
  }
  socket.write(`${JSON.stringify(command)}\n`)
  for await (const line of readLines(socket)) {
    const answer = JSON.parse(line) as { progress?: string; result?: unknown; problem?: string }
    if (answer.progress !== undefined) sayProgress(answer.progress)
    else if (answer.problem !== undefined) throw new Error(answer.problem)
    else return { result: answer.result }
  }
  throw new Error('the connection ended')
}

async function* readLines(socket: Socket): AsyncGenerator<string, undefined> {
  let rest = Buffer.alloc(0)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_LINE_BYTES) throw new Error(`more than ${MAX_LINE_BYTES} bytes`)
    if (!chunk.includes(0x0a)) continue
    rest = Buffer.concat(chunks)
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      yield rest.toString('utf8', 0, end)
      rest = rest.subarray(end + 1)
    }
    chunks.splice(0, chunks.length, rest)
    bytes = rest.length
  }
  return undefined
}
