/** What a crash or a power cut left: growing files that nobody grows any more. What cannot be played is taken out, and the file closed (R-RECOVER). */
import { open, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../../base/log.ts'
import type { RecordedSegment } from '../plane.ts'
import { type Disk, syncFolder } from './disk.ts'
import { closedName, isDay, parseSegmentName } from './segment-name.ts'
import { type ByteRange, examine, lengthOf } from './segment-file.ts'

const COPY_BYTES = 1024 * 1024

/** Adopts everything on a disk that nobody writes to, and answers it as it lies now. Files that are none of ours stay as they are. */
export async function adoptAll(disk: Pick<Disk, 'folder' | 'diskId' | 'growing'>, log: Log): Promise<RecordedSegment[]> {
  const adopted: RecordedSegment[] = []
  for (const day of (await readdir(disk.folder)).filter(isDay)) {
    for (const camera of await readdir(join(disk.folder, day)).catch(() => [])) {
      const names = await readdir(join(disk.folder, day, camera)).catch(() => [])
      for (const name of names.filter((each) => each.endsWith('.part'))) {
        const segment = await adopt(disk, join(day, camera), name, log)
        if (segment) adopted.push(segment)
      }
    }
  }
  return adopted
}

async function adopt({ folder, diskId, growing }: Parameters<typeof adoptAll>[0], place: string, name: string, log: Log): Promise<RecordedSegment | undefined> {
  const file = join(folder, place, name)
  const fromAt = parseSegmentName(name)?.startAt
  if (fromAt === undefined || diskId === undefined || growing.has(file)) return undefined
  try {
    const found = await examine(file, 'tail')
    if (found.kind !== 'segment') {
      await unlink(file) // nothing was ever stored in it
      return undefined
    }
    const { cameraId, note, toAt, whole, fileBytes } = found
    await keepOnly(file, whole, fileBytes)
    const path = join(place, closedName(fromAt, toAt - fromAt))
    await rename(file, join(folder, path))
    await syncFolder(join(folder, place))
    log.info({ file: path, seconds: Math.round((toAt - fromAt) / 1000) }, 'a recording that was cut off has been closed')
    return { cameraId, profile: note.profile, diskId, path, fromAt, toAt, bytes: lengthOf(whole), isClosed: true }
  } catch (problem) {
    log.warn({ file, problem }, 'a recording that was cut off could not be closed')
    return undefined
  }
}

/** Takes everything else out of the file. Until the new one is whole the old one stays. */
export async function keepOnly(file: string, whole: readonly ByteRange[], fileBytes: number): Promise<void> {
  if (lengthOf(whole) === fileBytes) return
  if (whole.length === 1) return cutTo(file, whole[0]!.to)
  const mended = `${file}.mending`
  const [from, to] = [await open(file, 'r'), await open(mended, 'w', 0o600)]
  try {
    for (const range of whole) {
      for (let at = range.from; at < range.to;) {
        const { bytesRead, buffer } = await from.read(Buffer.allocUnsafe(Math.min(COPY_BYTES, range.to - at)), { position: at })
        if (bytesRead === 0) throw new Error(`${file} became shorter`)
        await to.appendFile(buffer.subarray(0, bytesRead))
        at += bytesRead
      }
    }
    await to.datasync()
  } finally {
    await Promise.all([from.close(), to.close()])
  }
  await rename(mended, file)
}

async function cutTo(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.truncate(bytes)
    await handle.datasync()
  } finally {
    await handle.close()
  }
}
