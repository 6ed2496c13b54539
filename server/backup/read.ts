/** Reads a backup from its first byte to its last and holds it against its own counts and hashes. */
import { createHash, type Hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import type { SayProgress } from '../commands.ts'
import { StartError } from '../start-error.ts'
import { About, ABOUT_PATH, AnyAbout, badFile, filePath, FORMAT_VERSION, Manifest, MANIFEST_PATH, refusal, SAVED_FILES } from './format.ts'
import { createRowProgress } from './progress.ts'
import { gather, readTar, type TarEntry, TarProblem } from './tar-file.ts'

export type SavedFile = (typeof SAVED_FILES)[number]
/** What becomes of what is read; nothing by default. It is not known to be right before `readBackup` has resolved. */
export type Reader = {
  onAbout?(about: About): Promise<void>
  /** Reads it to its end. */
  onFile?(name: SavedFile, content: AsyncIterable<Buffer>): Promise<void>
  onRows?(table: string, lines: readonly string[]): Promise<void>
}

/** Nothing that MapWall writes is larger; a page of one row may be long. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024
const pageName = /^tables\/([a-z0-9_]+)\/(\d{6,})\.jsonl$/

type Seen = { rows: number; bytes: number; pages: number; hash: Hash }

/** Throws `StartError`, in words for people, when the file is not whole, not ours, or of a newer format. */
export async function readBackup(
  path: string,
  { clock, sayProgress, doing }: { clock: Clock; sayProgress: SayProgress; doing: string },
  reader: Reader = {},
): Promise<Manifest> {
  if (!existsSync(path)) throw new StartError(`没有这个文件：${path} / there is no such file`)
  const progress = createRowProgress(clock, sayProgress, doing)
  const seen = new Map<string, Seen>()
  let about: About | undefined
  let manifest: Manifest | undefined
  try {
    for await (const entry of readTar(path)) {
      if (manifest) throw new TarProblem(`${entry.path} stands behind the manifest`)
      if (!about) {
        about = await readAbout(entry, path)
        await reader.onAbout?.(about)
      } else if (entry.path === MANIFEST_PATH) manifest = readManifest(await textOf(entry))
      else await readPart(entry)
    }
  } catch (problem) {
    throw problem instanceof TarProblem ? badFile(path, problem.message) : problem
  }
  if (!manifest) throw badFile(path, 'it ends before its manifest')
  const difference = findDifference(manifest, about!, seen)
  if (difference) throw badFile(path, difference)
  return manifest

  async function readPart(entry: TarEntry) {
    const file = SAVED_FILES.find((name) => filePath(name) === entry.path)
    const table = pageName.exec(entry.path)?.[1]
    if (!file && table === undefined) throw new TarProblem(`it holds ${JSON.stringify(entry.path)}, which belongs into no backup`)
    const count = seen.get(file ?? table!) ?? { rows: 0, bytes: 0, pages: 0, hash: createHash('sha256') }
    seen.set(file ?? table!, count)
    count.pages++
    if (file) {
      const content = counted(entry, count)
      if (reader.onFile) await reader.onFile(file, content)
      else for await (const _ of content);
      return
    }
    if (entry.bytes > MAX_TEXT_BYTES) throw new TarProblem(`${entry.path} would have ${entry.bytes} bytes`)
    const content = await gather(counted(entry, count))
    if (Number(pageName.exec(entry.path)![2]) !== count.pages) throw new TarProblem(`${entry.path} is not the next page`)
    const lines = content.toString('utf8').split('\n')
    if (lines.pop() !== '') throw new TarProblem(`${entry.path} does not end with its last row`)
    count.rows += lines.length
    await reader.onRows?.(table!, lines)
    progress.add(table!, lines.length)
  }
}

async function* counted({ content }: TarEntry, count: Seen): AsyncGenerator<Buffer, void> {
  for await (const chunk of content) {
    count.hash.update(chunk)
    count.bytes += chunk.length
    yield chunk
  }
}

async function textOf({ path, bytes, content }: TarEntry): Promise<Buffer> {
  if (bytes > MAX_TEXT_BYTES) throw new TarProblem(`${path} would have ${bytes} bytes`)
  return gather(content)
}

async function readAbout(entry: TarEntry, path: string): Promise<About> {
  const foreign = badFile(path, 'it does not say that it is a backup of MapWall')
  if (entry.path !== ABOUT_PATH || entry.bytes > 1024 * 1024) throw foreign
  const value = parseJson(await textOf(entry))
  const any = AnyAbout.safeParse(value)
  if (!any.success) throw foreign
  if (any.data.formatVersion > FORMAT_VERSION) {
    const { formatVersion } = any.data
    throw refusal({
      what: { zh: '这份备份由更新版本的 MapWall 写成', en: 'this backup was written by a newer MapWall' },
      evidence: { zh: `格式版本 ${formatVersion}，本版只认到 ${FORMAT_VERSION}`, en: `format ${formatVersion}; this version knows up to ${FORMAT_VERSION}` },
      next: { zh: '用写下它的版本或更新的版本恢复', en: 'restore with the version that wrote it, or a newer one' },
    })
  }
  const about = About.safeParse(value)
  if (!about.success) throw badFile(path, 'what it says of itself is damaged')
  return about.data
}

function readManifest(text: Buffer): Manifest {
  const manifest = Manifest.safeParse(parseJson(text))
  if (!manifest.success) throw new TarProblem('its manifest is damaged')
  return manifest.data
}

function parseJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'))
  } catch {
    return undefined // refused by whoever expects something
  }
}

function findDifference(manifest: Manifest, about: About, seen: ReadonlyMap<string, Seen>): string | undefined {
  if (JSON.stringify(About.parse(manifest)) !== JSON.stringify(about)) return 'beginning and end are not of the same backup'
  const expected = new Map<string, { bytes: number; sha256: string; rows?: number }>([
    ...Object.entries(manifest.files),
    ...Object.entries(manifest.tables),
  ] as [string, { bytes: number; sha256: string; rows?: number }][])
  for (const name of seen.keys()) if (!expected.has(name)) return `${name} is not in its manifest`
  const empty = { rows: 0, bytes: 0, pages: 0, hash: createHash('sha256') }
  for (const [name, { bytes, sha256, rows }] of expected) {
    const found = seen.get(name) ?? empty
    if (rows !== undefined && rows !== found.rows) return `${name} has ${found.rows} rows, its manifest says ${rows}`
    if (bytes !== found.bytes || sha256 !== found.hash.copy().digest('hex')) return `${name} does not have the SHA-256 of its manifest`
  }
  return undefined
}
