/** A platform that has recorded a real picture, and a drill on it while it runs. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backupCommands } from '../../server/cli/backup.ts'
import { systemClock } from '../../server/base/clock.ts'
import { readConfig } from '../../server/config.ts'
import { ffmpegPath, makeClip } from '../media/clips.ts'
import { NOON, numberedPictures, writeSegment } from '../media/recorded.ts'
import { answerCommands, type FilledWorld, readAll } from './filled-world.ts'

const PICTURES = 300

export async function runDrillOn(world: FilledWorld, place: string) {
  const disk = mkdtempSync(join(place, 'disk-'))
  writeFileSync(join(disk, 'mapwall-disk.json'), '{"diskId":"00000000-0000-4000-8000-000000000001"}')
  const folder = join(disk, new Date(NOON).toISOString().slice(0, 10), 'c1')
  mkdirSync(folder, { recursive: true })
  const clip = ffmpegPath ? makeClip('h264', { count: PICTURES, gopFrames: 25, widthPx: 160, heightPx: 90 }) : undefined
  writeSegment({
    folder,
    fromAt: NOON,
    notedId: 'c1',
    pictures: clip?.map(({ isKey, data }) => ({ isKey, data })) ?? numberedPictures(0, PICTURES),
    ...(clip ? { video: clip[0]!.config } : {}),
  })
  const listDisk = () => readdirSync(disk, { recursive: true, encoding: 'utf8' }).sort().join()
  const before = listDisk()
  const runFolder = mkdtempSync(join(tmpdir(), 'mapwall-run-'))
  const answering = await answerCommands(world, runFolder)
  const said: string[] = []
  const drillsThere = () => readdirSync(tmpdir()).filter((name) => name.startsWith('mapwall-drill-'))
  const others = drillsThere()
  try {
    const config = readConfig({ MAPWALL_DATA: world.dataFolder, MAPWALL_MEDIA_DIRS: disk })
    const code = await backupCommands['drill']!.run([], { config, clock: systemClock, say: (line) => said.push(line) })
    const onRecord = (await readAll(world.database.database))['audit_log']!.some(
      (line) => line.includes('"platform.drill"') && line.includes('\\"passed\\":true'),
    )
    const isUntouched = listDisk() === before
    return { code, said, left: drillsThere().filter((name) => !others.includes(name)), passed: onRecord && isUntouched }
  } finally {
    answering.close()
    rmSync(runFolder, { recursive: true, force: true })
  }
}
