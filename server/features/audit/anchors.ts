/** Anchors of the audit log in a file outside the database: a log cut short, or written anew from the start, no longer fits them. */
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Anchor } from './chain.ts'

const AnchorLine = z.object({ seq: z.number().int().positive(), hash: z.string(), at: z.number(), mac: z.string() })

export type Anchors = { add(anchor: Anchor): Promise<void>; list(): Promise<Anchor[]> }

/** One JSON line each, with a MAC. A line cut off by a power failure, or forged, is left out and reported by `onBadLine`. */
export function createAnchorFile({ file, sign, onBadLine }: { file: string; sign: (text: string) => string; onBadLine: (line: number) => void }): Anchors {
  const macOf = ({ seq, hash, at }: Anchor) => sign(JSON.stringify(['audit anchor', seq, hash, at]))
  return {
    async add(anchor) {
      await mkdir(dirname(file), { recursive: true })
      await appendFile(file, `${JSON.stringify({ ...anchor, mac: macOf(anchor) })}\n`, { mode: 0o600, flush: true })
    },
    async list() {
      const text = await readFile(file, 'utf8').catch((problem: NodeJS.ErrnoException) => {
        if (problem.code !== 'ENOENT') throw problem
        return ''
      })
      const anchors: Anchor[] = []
      for (const [index, line] of text.split('\n').entries()) {
        if (line === '') continue
        const anchor = parseLine(line)
        if (anchor && anchor.mac === macOf(anchor)) anchors.push({ seq: anchor.seq, hash: anchor.hash, at: anchor.at })
        else onBadLine(index + 1)
      }
      return anchors
    },
  }
}

function parseLine(line: string) {
  try {
    return AnchorLine.safeParse(JSON.parse(line)).data
  } catch {
    // Not JSON: a line torn by a power cut. The caller reports it.
    return undefined
  }
}
