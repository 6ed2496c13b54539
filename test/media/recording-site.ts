/** A media process as it runs, recording cameras over real RTSP, for the tests that kill it, stop it, fill its disk and cut its power. */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { silentLog } from '../../server/base/log.ts'
import { createSimulator } from '../../server/demo/simulator.ts'
import { createMediaPlane } from '../../server/media/plane-client.ts'
import type { CameraAccess, MediaEvent, RecordedSegment } from '../../server/media/plane.ts'
import { ffmpegPath } from './clips.ts'
import { cameraId, forkMedia, temporaryFolder, until } from './support.ts'

/** `recordings`: a folder of the test's own. */
export async function createSite({ cameras, recordings }: { cameras: number; recordings?: string }) {
  const folder = temporaryFolder()
  const simulator = await createSimulator({
    cameras: Array.from({ length: cameras }, (_, i) => ({
      cameraId: `c${i}`,
      clip: 'road-dusk' as const,
      mainCodec: 'h264' as const,
      sound: i % 2 === 0 ? ('aac' as const) : ('pcma' as const),
      username: 'admin',
      password: 'demo:cam',
      hasParameterSetsInSdp: true,
      switchName: null,
    })),
  })
  const accesses = simulator.cameras.map(({ cameraId: id, mainUrl, username, password }): CameraAccess => ({
    cameraId: cameraId(id),
    main: { driver: 'rtsp', url: mainUrl, username, password, transport: 'tcp' },
    sub: undefined,
  }))
  const plan = accesses.map((access) => ({ cameraId: access.cameraId, profile: 'main' as const }))
  const recordingFolder = recordings ?? join(folder, 'recordings')
  const socketPath = join(folder, 'media.sock')
  const events: MediaEvent[] = []
  const plane = createMediaPlane({ socketPath, clock: systemClock, log: silentLog })
  plane.onEvent((event) => events.push(event))
  let media: ChildProcess | undefined

  /** Starts the process on this folder and tells it what to record. */
  async function start(recorded = plan, recordedTo = recordingFolder) {
    media = forkMedia(folder, socketPath, recordedTo)
    await new Promise((resolve) => media!.once('message', resolve))
    await until(() => plane.isUp(), 'the link to media')
    await plane.setCameras(accesses)
    await plane.setRecordings(recorded)
  }
  async function end(signal: NodeJS.Signals): Promise<number> {
    const fromMs = performance.now()
    const gone = new Promise((resolve) => media!.once('exit', resolve))
    media!.kill(signal)
    await gone
    await until(() => !plane.isUp(), 'the link is gone')
    return performance.now() - fromMs
  }
  onTestFinished(async () => {
    await plane.close()
    await simulator.close()
  })
  const growing = () => new Set(events.flatMap((event) => (event.type === 'segment' && !event.segment.isClosed ? [event.segment.cameraId] : [])))
  const fileOf = ({ path }: RecordedSegment) => join(recordingFolder, path)
  return {
    plane,
    plan,
    start,
    end,
    stopHere: () => void media!.kill('SIGSTOP'),
    events,
    growing,
    fileOf,
    recordingFolder,
    cameraIds: plan.map(({ cameraId: id }) => id),
  }
}

/** What ffmpeg has to say when it decodes the file: nothing, if all is well. */
export const complaints = (file: string) => spawnSync(ffmpegPath!, ['-v', 'error', '-i', file, '-map', '0:v', '-f', 'null', '-']).stderr.toString()
export const filesBelow = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : [])) : []
