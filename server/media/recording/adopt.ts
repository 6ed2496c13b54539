/** What a crash or a power cut left: growing files that nobody grows any more. Each is cut behind its last whole fragment and closed (R-RECOVER). */
import { open, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ProtocolError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { type Disk, syncFolder } from './disk.ts'
import { closedName, isDay, parseSegmentName } from './segment-name.ts'
import { measureSegment, type SegmentExtent } from './segment-file.ts'

/** Fragments whose pictures are looked at: more than is written between two flushes of the disk. */
const CHECKED_FRAGMENTS = 20

/** Adopts everything on a disk; answers how many files were closed. Files that are none of ours stay as they are. */
export async function adoptAll({ folder }: Disk, log: Log): Promise<number> {
  let adopted = 0
  for (const day of (await readdir(folder)).filter(isDay)) {
    for (const camera of await readdir(join(folder, day))) {
      const cameraFolder = join(folder, day, camera)
      const names = await readdir(cameraFolder).catch(() => [])
      for (const name of names.filter((each) => each.endsWith('.part'))) {
        if (await adopt(cameraFolder, name, log)) adopted++
      }
    }
  }
  return adopted
}

async function adopt(folder: string, name: string, log: Log): Promise<boolean> {
  const file = join(folder, name)
  const startAt = parseSegmentName(name)?.startAt
  if (startAt === undefined) return false
  try {
    const extent = await cutBehindWhole(file)
    if (!extent) {
      await unlink(file) // nothing was ever stored in it
      return false
    }
    const closed = closedName(startAt, extent.toAt - startAt)
    await rename(file, join(folder, closed))
    await syncFolder(folder)
    log.info({ file: closed, fragments: extent.fragments }, 'a recording that was cut off has been closed')
    return true
  } catch (problem) {
    log.warn({ file, problem }, 'a recording that was cut off could not be closed')
    return false
  }
}

/** `undefined` for a file without a single whole fragment of ours. */
async function cutBehindWhole(file: string): Promise<SegmentExtent | undefined> {
  const handle = await open(file, 'r+')
  try {
    const extent = await measureSegment(handle, CHECKED_FRAGMENTS).catch((problem: unknown) => {
      if (problem instanceof ProtocolError) return undefined
      throw problem
    })
    if (!extent || extent.fragments === 0) return undefined
    await handle.truncate(extent.bytes)
    await handle.datasync()
    return extent
  } finally {
    await handle.close()
  }
}
