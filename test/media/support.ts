/** What the tests of media share: limits, a stream or hub on a fake driver, a WebSocket client on real sockets. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { CameraId } from '../../server/contract/ids.ts'
import type { MediaEvent, CameraAccess } from '../../server/media/plane.ts'
import { MEMORY_ENVIRONMENT } from '../../server/media/memory.ts'
import { createHub } from '../../server/media/hub.ts'
import { silentLog } from '../../server/base/log.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createFakeDriver, createPictures, fakeAddress, type FakePull } from '../support/fake-driver.ts'
import type { HubLimits } from '../../server/media/hub.ts'

export const cameraId = (name: string) => name as CameraId

export const testLimits: HubLimits = {
  stream: { gop: { maxBytes: 8 * 1024 * 1024, maxMs: 12_000 }, lingerMs: 15_000, firstKeyFrameMs: 20_000, silenceMs: 12_000 },
  admission: { maxOpensPerSecond: 20, maxInFlight: 40 },
  stills: { maxMemoryBytes: 8 * 1024 * 1024, minWriteMs: 300_000, maxStillBytes: 1024 * 1024 },
  probeMs: 12_000,
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mapwall-media-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const ALL_TIME = { fromAt: 0, toAt: Date.UTC(2100, 0, 1) }
export const recordingsIn = (folder: string) => ({ folders: [join(folder, 'recordings')], knownDisksFile: join(folder, 'recording-disks.json') })

export const camera = (name: string, hasSub = true): CameraAccess => ({
  cameraId: cameraId(name),
  main: fakeAddress(`${name}/main`),
  sub: hasSub ? fakeAddress(`${name}/sub`) : undefined,
})

/** A hub on a fake clock and a fake driver, with these cameras. */
export async function createTestHub(cameras: CameraAccess[], { random = () => 1, stillsFolder = temporaryFolder() } = {}) {
  const clock = createFakeClock()
  const fake = createFakeDriver()
  const events: MediaEvent[] = []
  const hub = createHub({
    clock,
    log: silentLog,
    drivers: { rtsp: fake.driver },
    limits: testLimits,
    stillsFolder,
    onEvent: (event) => events.push(event),
    random,
  })
  await hub.setCameras(cameras)
  return { clock, fake, hub, events, stillsFolder }
}

/** Answers a pull at once with a key frame, as a good camera does. */
export function answerWithKeyFrame(pull: FakePull) {
  pull.send(createPictures().next())
}

/** Waits for a condition, not for a time. */
export async function until(condition: () => boolean, what: string, timeoutMs = 10_000) {
  const deadline = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The media process as the supervisor runs it, on a folder of the test's own; ended with the test. */
export function forkMedia(folder: string, socketPath: string, recordingFolder = join(folder, 'recordings')): ChildProcess {
  const media = fork(fileURLToPath(new URL('../../server/media/main.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
    env: {
      ...process.env,
      ...MEMORY_ENVIRONMENT,
      MEDIA_SOCKET: socketPath,
      STILLS_DIR: join(folder, 'stills'),
      RECORDING_DIRS: JSON.stringify([recordingFolder]),
      LOG_LEVEL: 'error',
    },
  })
  onTestFinished(() => void media.kill('SIGKILL'))
  return media
}
