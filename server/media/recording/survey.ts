/** Looks at everything that lies on a recording disk: what is ours, whole, torn, in the wrong place; and puts right what can be (R-RECOVER). */
import { mkdir, readdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { RecordedSegment } from '../plane.ts'
import { keepOnly } from './adopt.ts'
import { IDENTITY_FILE, syncFolder } from './disk.ts'
import { closedName, dayOf, parseSegmentName } from './segment-name.ts'
import { type ByteRange, examine, lengthOf, type Thoroughness } from './segment-file.ts'

/** How a name may differ from what the file holds: a frame at 12 a second. */
const NAME_TOLERANCE_MS = 80
/** What a disk and two cores do well at the same time. */
const AT_ONCE = 4
const NOT_RECORDINGS = new Set([IDENTITY_FILE, 'lost+found'])

export type Finding =
  /** Not ours; it is left alone. */
  | { kind: 'foreign'; path: string; why: string }
  /** A head and no picture. */
  | { kind: 'empty'; path: string }
  /** Bytes in it, or at its end, cannot be played. */
  | { kind: 'damaged'; path: string; lostBytes: number; whole: ByteRange[] }
  /** Playback does not find it where it lies, or takes it for longer or shorter than it is. */
  | { kind: 'misnamed'; path: string; rightPath: string }
  /** Growing, or left by a crash. */
  | { kind: 'growing'; path: string }
  | { kind: 'unreadable'; path: string; why: string }

/** One file; `segment` is undefined when there is nothing to play in it. `path` within it is where it lies now. */
export type Surveyed = { segment: RecordedSegment | undefined; findings: Finding[]; bytes: number }

export type SurveyOptions = {
  folder: string
  diskId: string
  thoroughness: Thoroughness
  onFile(surveyed: Surveyed): void | Promise<void>
}

/** Every file on the disk, `AT_ONCE` at a time. Throws when the disk cannot be read. */
export async function survey({ folder, diskId, thoroughness, onFile }: SurveyOptions): Promise<void> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .filter((path) => !NOT_RECORDINGS.has(path.split('/')[0]!))
    .sort()
  const next = names.values()
  const work = async () => {
    for (const path of next) await onFile(await surveyFile({ folder, diskId, path, thoroughness }))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

async function surveyFile({
  folder,
  diskId,
  path,
  thoroughness,
}: {
  folder: string
  diskId: string
  path: string
  thoroughness: Thoroughness
}): Promise<Surveyed> {
  const name = parseSegmentName(path.split('/').at(-1)!)
  if (name && name.durationMs === undefined) return { segment: undefined, findings: [{ kind: 'growing', path }], bytes: 0 }
  try {
    const { size } = await stat(join(folder, path))
    const found = await examine(join(folder, path), thoroughness)
    if (found.kind !== 'segment') return { segment: undefined, findings: [{ ...found, path }], bytes: size }
    const { cameraId, note } = found
    const durationMs = found.toAt - note.startAt
    const isRightLength = name?.durationMs !== undefined && Math.abs(name.durationMs - durationMs) <= NAME_TOLERANCE_MS
    const rightPath = join(dayOf(note.startAt), cameraId, closedName(note.startAt, isRightLength ? name.durationMs! : durationMs))
    const findings: Finding[] = []
    const lostBytes = found.fileBytes - lengthOf(found.whole)
    if (lostBytes > 0) findings.push({ kind: 'damaged', path, lostBytes, whole: found.whole })
    if (rightPath !== path) findings.push({ kind: 'misnamed', path, rightPath })
    const segment = { cameraId, profile: note.profile, diskId, path, fromAt: note.startAt, toAt: found.toAt, bytes: size, isClosed: true }
    return { segment, findings, bytes: size }
  } catch (problem) {
    return { segment: undefined, findings: [{ kind: 'unreadable', path, why: (problem as NodeJS.ErrnoException).code ?? String(problem) }], bytes: 0 }
  }
}

/** Puts right what was found of one file; answers it as it lies now. Only `isCut` takes bytes away, and only those that cannot be played. */
export async function mend({ segment, findings }: Surveyed, folder: string, { isCut }: { isCut: boolean }): Promise<RecordedSegment | undefined> {
  let mended = segment
  for (const finding of findings) {
    if (finding.kind === 'empty' && isCut) await unlink(join(folder, finding.path))
    if (!mended) continue
    if (finding.kind === 'damaged' && isCut) {
      await keepOnly(join(folder, mended.path), finding.whole, mended.bytes)
      mended = { ...mended, bytes: mended.bytes - finding.lostBytes }
    }
    if (finding.kind === 'misnamed' && !(await exists(join(folder, finding.rightPath)))) {
      const target = join(folder, finding.rightPath)
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      await rename(join(folder, mended.path), target)
      await syncFolder(dirname(target))
      mended = { ...mended, path: finding.rightPath }
    }
  }
  return mended
}

export const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )
