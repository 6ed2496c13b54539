/**
 * P1: the power is cut. Recordings go to an ext4 of their own on a loop device; while the recorder stands still (SIGSTOP) the device is copied as it is, without what
 * the kernel has not written yet. The copy is mounted, its journal replayed, and the next start adopts what it finds. Needs root and loop devices.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, constants, mkdirSync, readFileSync, statSync, writeFileSync, truncateSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { CameraId } from '../../server/contract/ids.ts'
import type { RecordedSegment } from '../../server/media/plane.ts'
import { ffmpegPath } from './clips.ts'
import { complaints, createSite, filesBelow } from './recording-site.ts'
import { ALL_TIME, temporaryFolder, until } from './support.ts'

const isLong = process.env['LONG'] === '1'
const CAMERAS = isLong ? 16 : 4
const CUTS = isLong ? 10 : 1
const MAX_LOST_MS = 10_000
const DISK_BYTES = 512 * 1024 * 1024
const RECORDED_MS = 12_000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

/** An ext4 in a file, mounted. Answers its loop device, as `/dev/loop0`. */
function mountImage(image: string, folder: string): string {
  mkdirSync(folder, { recursive: true })
  run('mount', '-o', 'loop', image, folder)
  onTestFinished(() => void spawnSync('umount', ['-l', folder]))
  return run('findmnt', '-n', '-o', 'SOURCE', folder)
}

function makeImage(image: string) {
  writeFileSync(image, '')
  truncateSync(image, DISK_BYTES)
  run('mkfs.ext4', '-q', '-F', image)
}

/** What the device has been given so far. Copied again when the kernel wrote to it meanwhile: a power cut is one moment. */
function copyDevice(device: string, image: string, copy: string) {
  const written = () =>
    readFileSync(`/sys/block/${basename(device)}/stat`, 'utf8')
      .trim()
      .split(/\s+/)[4]
  for (let tries = 0; tries < 20; tries++) {
    const before = written()
    copyFileSync(image, copy, constants.COPYFILE_FICLONE)
    if (written() === before) return
  }
  throw new Error('the device is written to all the time')
}

const canCut = (() => {
  if (process.getuid?.() !== 0) return false
  return (
    spawnSync('sh', [
      '-c',
      'f=$(mktemp) && m=$(mktemp -d) && truncate -s 8M $f && mkfs.ext4 -q -F $f && mount -o loop $f $m && umount $m; r=$?; rm -rf $f $m; exit $r',
    ]).status === 0
  )
})()
if (!canCut) console.warn('SKIPPED: P1 needs root, loop devices and mkfs.ext4')

describe.skipIf(!canCut || !ffmpegPath)('P1 a power cut', () => {
  test(
    `${CUTS} times, ${CAMERAS} cameras: closed files are whole, growing ones lose at most ${MAX_LOST_MS / 1_000} s and play`,
    { timeout: CUTS * 120_000 },
    async () => {
      let worstMs = 0
      for (let cut = 0; cut < CUTS; cut++) {
        const folder = temporaryFolder()
        const [image, copy] = [join(folder, 'disk.img'), join(folder, 'copy.img')]
        const [disk, afterwards] = [join(folder, 'disk'), join(folder, 'afterwards')]
        makeImage(image)
        const device = mountImage(image, disk)
        const site = await createSite({ cameras: CAMERAS, recordings: disk })
        await site.start()
        await until(() => site.growing().size === CAMERAS, 'every camera is being recorded', 60_000)
        await pause(RECORDED_MS * (0.75 + Math.random() / 2))
        // half of them are closed, and their rows could be written, just before the cut
        const closing = new Set(site.cameraIds.slice(0, CAMERAS / 2))
        await site.plane.setRecordings(site.plan.filter((each) => !closing.has(each.cameraId)))
        const told = () => site.events.flatMap((event) => (event.type === 'segment' ? [event.segment] : []))
        const isClosed = (cameraId: CameraId) => told().findLast((segment) => segment.cameraId === cameraId)!.isClosed
        await until(() => [...closing].every(isClosed), 'files are closed', 60_000)
        await pause(Math.random() * 3_000)
        site.stopHere()
        const cutAt = Date.now()
        const acknowledged = told().filter((segment) => segment.isClosed)
        copyDevice(device, image, copy)
        await site.end('SIGKILL')

        mountImage(copy, afterwards)
        const before = filesBelow(afterwards)
        await site.start([], afterwards)
        const segments = await site.plane.listSegments(ALL_TIME)
        const fileOf = ({ path }: RecordedSegment) => join(afterwards, path)
        const evidence = JSON.stringify({ cut, cutAt, before, segments: segments.map(({ path, bytes }) => `${path} ${bytes}`) })
        for (const segment of acknowledged) {
          const found = segments.find(({ path }) => path === segment.path)
          expect(found, evidence).toMatchObject({ fromAt: segment.fromAt, toAt: segment.toAt, bytes: segment.bytes })
          expect(statSync(fileOf(segment)).size).toBe(segment.bytes)
        }
        for (const cameraId of site.cameraIds.filter((each) => !closing.has(each))) {
          // from the end of what is there, or, where nothing is there of the file that grew, from its beginning: before it the camera was not seen
          const foundAt = Math.max(...segments.filter((segment) => segment.cameraId === cameraId).map(({ toAt }) => toAt))
          const lostMs = cutAt - Math.max(foundAt, told().findLast((segment) => segment.cameraId === cameraId)!.fromAt)
          expect(lostMs, evidence).toBeLessThanOrEqual(MAX_LOST_MS)
          worstMs = Math.max(worstMs, lostMs)
        }
        for (const segment of segments) expect(complaints(fileOf(segment)), `${segment.path} ${evidence}`).toBe('')
        expect(filesBelow(afterwards).filter((name) => name.endsWith('.part'))).toEqual([])
        await site.end('SIGTERM')
        for (const mounted of [disk, afterwards]) run('umount', mounted)
      }
      console.info(`P1: at most ${worstMs} ms lost`)
    },
  )
})
