/** A gzipped tar (POSIX ustar), written and read as a stream: entries follow each other, memory stays the same. */
import { createReadStream, createWriteStream } from 'node:fs'
import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { Header } from 'tar'

const BLOCK_BYTES = 512

type Chunks = AsyncIterable<Buffer> | Iterable<Buffer>
/** `content` has exactly `bytes` bytes. */
export type TarEntry = { path: string; bytes: number; content: Chunks }

/** What is wrong with the file, in few words. */
export class TarProblem extends Error {}

/** Writes a new file, flushed to the disk. Whatever `entries` throws comes through; half a file stays behind. */
export async function writeTar(path: string, entries: AsyncIterable<TarEntry>): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(
    tarBlocks(entries),
    createGzip(),
    async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        hash.update(chunk)
        bytes += chunk.length
        yield chunk
      }
    },
    createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }),
  )
  return { bytes, sha256: hash.digest('hex') }
}

async function* tarBlocks(entries: AsyncIterable<TarEntry>): AsyncGenerator<Buffer> {
  for await (const { path, bytes, content } of entries) {
    const head = Buffer.alloc(BLOCK_BYTES)
    new Header({ path, size: bytes, mode: 0o600, type: 'File', mtime: new Date(0) }).encode(head)
    yield head
    yield* content
    yield Buffer.alloc(padding(bytes))
  }
  yield Buffer.alloc(2 * BLOCK_BYTES)
}

const padding = (bytes: number) => (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES

/** Entry after entry, to the proper end of the file. What the caller leaves of an entry is passed over. Throws `TarProblem` for anything but a whole file. */
export async function* readTar(path: string): AsyncGenerator<TarEntry, void> {
  const gunzip = createGunzip()
  const unpacking = pipeline(createReadStream(path), gunzip)
  unpacking.catch(() => undefined) // comes out of `gunzip` too
  const source = gunzip[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let rest: Buffer = Buffer.alloc(0)

  async function next(most: number): Promise<Buffer | undefined> {
    while (rest.length === 0) {
      const { value, done } = await source.next().catch((problem: Error) => {
        throw new TarProblem(problem.message)
      })
      if (done) return undefined
      rest = value
    }
    const taken = rest.subarray(0, most)
    rest = rest.subarray(taken.length)
    return taken
  }
  async function* take(part: { bytes: number }): AsyncGenerator<Buffer, void> {
    while (part.bytes > 0) {
      const chunk = await next(part.bytes)
      if (!chunk) throw new TarProblem('it ends too early')
      part.bytes -= chunk.length
      yield chunk
    }
  }
  const takeBlocks = (bytes: number) => gather(take({ bytes }))

  try {
    for (;;) {
      const header = new Header(await takeBlocks(BLOCK_BYTES))
      if (header.nullBlock) break
      if (!header.cksumValid || header.type !== 'File' || header.path === undefined || header.size === undefined)
        throw new TarProblem('a header in it is damaged')
      const { path: name, size } = header
      const left = { bytes: size }
      yield { path: name, bytes: size, content: take(left) }
      for await (const _ of take(left));
      await takeBlocks(padding(size))
    }
    await takeBlocks(BLOCK_BYTES)
    if (await next(1)) throw new TarProblem('something stands behind its end')
  } finally {
    gunzip.destroy()
    await unpacking.catch(() => undefined)
  }
}

export async function gather(chunks: Chunks): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}
