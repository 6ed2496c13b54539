/** What a crash or a power cut left: growing files that nobody grows any more. Each is cut behind its last whole fragment and closed (R-RECOVER). */
import { open, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../../base/log.ts'
import { type Disk, syncFolder } from './disk.ts'
import { closedName, isDay, parseSegmentName } from './segment-name.ts'
import { examine } from './segment-file.ts'

/** Adopts everything on a disk; answers how many files were closed. Files that are none of ours stay as they are. */
export async function adoptAll({ folder }: Pick<Disk, 'folder'>, log: Log): Promise<number> {
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
    const found = await examine(file, 'fragments')
    if (found.kind !== 'segment') {
      await unlink(file) // nothing was ever stored in it
      return false
    }
    await cutTo(file, found.bytes)
    const closed = closedName(startAt, found.toAt - startAt)
    await rename(file, join(folder, closed))
    await syncFolder(folder)
    log.info({ file: closed, seconds: Math.round((found.toAt - startAt) / 1000) }, 'a recording that was cut off has been closed')
    return true
  } catch (problem) {
    log.warn({ file, problem }, 'a recording that was cut off could not be closed')
    return false
  }
}

/** Takes away what lies behind the last whole fragment. */
export async function cutTo(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.truncate(bytes)
    await handle.datasync()
  } finally {
    await handle.close()
  }
}
