/** An answer that is made while it is sent: a table of millions of lines. Never more of it in memory than the client has room for. */
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Ends the response with the last chunk. A source that fails cuts the connection, so that a part is never taken for the whole; a client that leaves ends the source. */
export async function sendChunks(response: ServerResponse, chunks: AsyncIterable<Uint8Array>, stalledMs: number): Promise<void> {
  response.setTimeout(stalledMs, () => response.destroy())
  try {
    await pipeline(Readable.from(chunks, { objectMode: false }), response)
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw problem // else the client left
  }
}

/**
 * The same chunks with the first of them made already: what goes wrong at the start can still be answered with an error.
 */
export async function begun(chunks: AsyncGenerator<Uint8Array>, count = 1): Promise<AsyncIterable<Uint8Array>> {
  const first: Uint8Array[] = []
  while (first.length < count) {
    const { value, done } = await chunks.next()
    if (done) break
    first.push(value)
  }
  return (async function* () {
    yield* first
    yield* chunks
  })()
}
