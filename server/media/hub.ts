/** Every stream there is, by camera and profile: who may open, what a probe finds, how pulls end. */
import type { Clock, Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { CameraId, Profile } from '../contract/ids.ts'
import type { CameraDriver, StreamAddress } from '../drivers/driver.ts'
import { type AdmissionLimits, createAdmission } from './admission.ts'
import type { CameraAccess, MediaEvent, ProbeResult, Still } from './plane.ts'
import { createStills, type StillLimits } from './stills.ts'
import { type FailureRecord, Stream, type StreamLimits } from './stream.ts'

export type HubLimits = {
  stream: StreamLimits
  admission: AdmissionLimits
  stills: StillLimits
  /** How long a probe waits for a key frame once it was let through. */
  probeMs: number
}

export type HubDeps = {
  clock: Clock
  log: Log
  drivers: Record<StreamAddress['driver'], CameraDriver>
  limits: HubLimits
  stillsFolder: string
  onEvent(event: MediaEvent): void
  random?: () => number
}

const ALIVE_EVERY_MS = 10_000
/** A picture this young proves a stream as well as a probe would. */
const FRESH_MS = 10_000
/** A failure this young is not provoked again, but told again with its own time. */
const FAILURE_FRESH_MS = 2_000
const REFUSAL_FRESH_MS = 15 * 60_000

const miss = ({ at, cause, detail }: Omit<FailureRecord, 'monoMs'>): ProbeResult => ({ ok: false, at, cause, detail })

export function createHub({ clock, log, drivers, limits, stillsFolder, onEvent, random = Math.random }: HubDeps) {
  const cameras = new Map<CameraId, CameraAccess>()
  const streams = new Map<string, Stream>()
  const probes = new Map<CameraId, Promise<ProbeResult>>()
  const admission = createAdmission({ clock, limits: limits.admission })
  const stills = createStills({ folder: stillsFolder, clock, log, limits: limits.stills })
  let sources = 0
  let goneBytesIn = 0

  const keyOf = (cameraId: CameraId, profile: Profile) => `${cameraId}/${profile}`

  /** Throws `not_found` for a camera nobody told us of. */
  function getCamera(cameraId: CameraId): CameraAccess {
    const camera = cameras.get(cameraId)
    if (!camera) throw new AppError('not_found', `camera ${cameraId} is not known to media`)
    return camera
  }

  /** The stream, made if it is not there; `sub` of a camera with one stream is its main stream. */
  function getStream(cameraId: CameraId, wanted: Profile): Stream {
    const camera = getCamera(cameraId)
    const profile: Profile = wanted === 'sub' && camera.sub ? 'sub' : 'main'
    const known = streams.get(keyOf(cameraId, profile))
    if (known) return known
    const address = profile === 'sub' && camera.sub ? camera.sub : camera.main
    const stream = new Stream(cameraId, profile, address, {
      clock,
      log,
      random,
      admission,
      limits: limits.stream,
      driver: drivers[address.driver],
      onUp: onStreamUp,
      onDown: onStreamDown,
      onEnd: keepStill,
      onSourceCount: (change) => (sources += change),
    })
    streams.set(keyOf(cameraId, profile), stream)
    return stream
  }

  function onStreamUp(stream: Stream) {
    for (const profile of ['main', 'sub'] as const) streams.get(keyOf(stream.cameraId, profile))?.forgetRefusal()
    onEvent({ type: 'streamUp', cameraId: stream.cameraId, profile: stream.profile, at: clock.now() })
  }

  function onStreamDown(stream: Stream, { at, cause, detail }: FailureRecord, wasWanted: boolean) {
    if (wasWanted) onEvent({ type: 'streamDown', cameraId: stream.cameraId, profile: stream.profile, at, cause, detail })
  }

  /** The newest key frame of a pull becomes the camera's still. */
  function keepStill(stream: Stream, hasFailed: boolean) {
    const key = stream.feed.lastKey
    if (!key) return
    const ageMs = stream.intake.newest.flvMs - key.tag.flvMs + clock.monotonicMs() - stream.intake.newest.monoMs
    stills.keep(stream.cameraId, { ...key, at: Math.round(clock.now() - Math.max(0, ageMs)) }, hasFailed)
  }

  async function setCameras(next: CameraAccess[]) {
    const ids = new Set(next.map(({ cameraId }) => cameraId))
    cameras.clear()
    for (const camera of next) cameras.set(camera.cameraId, camera)
    const closing: Promise<void>[] = []
    for (const [key, stream] of streams) {
      const camera = cameras.get(stream.cameraId)
      const address = stream.profile === 'sub' ? camera?.sub : camera?.main
      if (address) stream.setAddress(address)
      else {
        streams.delete(key)
        closing.push(stream.close())
      }
    }
    await Promise.all(closing)
    if (next.length > 0) await stills.retain(ids)
  }

  function probe(cameraId: CameraId, { isForced = false }: { isForced?: boolean } = {}): Promise<ProbeResult> {
    const running = probes.get(cameraId)
    if (running) return running
    const evidence = findEvidence(cameraId, isForced)
    if (evidence) return Promise.resolve(evidence)
    const stream = getStream(cameraId, 'sub')
    if (isForced) stream.retryNow() // viewers may be sitting out a pause
    const result = openProbe(stream).finally(() => probes.delete(cameraId))
    probes.set(cameraId, result)
    return result
  }

  /** What running pulls, or ones that just failed, already say. A person who asks is not told of an old refusal. */
  function findEvidence(cameraId: CameraId, isForced: boolean): ProbeResult | undefined {
    getCamera(cameraId)
    const nowMs = clock.monotonicMs()
    const known = (['main', 'sub'] as const).flatMap((profile) => streams.get(keyOf(cameraId, profile)) ?? [])
    for (const stream of known) if (stream.state.name === 'live' && nowMs - stream.intake.newest.monoMs < FRESH_MS) return success(stream)
    const probed = getStream(cameraId, 'sub')
    const last = probed.lastFailure
    if (!last || probed.state.name === 'opening' || probed.state.name === 'queued') return undefined
    const freshMs = last.cause === 'refused_login' && !isForced ? REFUSAL_FRESH_MS : FAILURE_FRESH_MS
    return nowMs - last.monoMs < freshMs ? miss(last) : undefined
  }

  function success(stream: Stream): ProbeResult {
    const video = stream.feed.format?.video
    const firstKeyFrameMs = stream.state.name === 'live' ? Math.round(stream.state.firstKeyFrameMs) : 0
    if (!video) return miss({ at: clock.now(), cause: 'silent', detail: 'no key frame' })
    return { ok: true, at: clock.now(), firstKeyFrameMs, codec: video.codec, widthPx: video.widthPx, heightPx: video.heightPx }
  }

  function openProbe(stream: Stream): Promise<ProbeResult> {
    return new Promise((resolve) => {
      let timer: Timer | undefined
      let isDone = false
      const finish = (result: ProbeResult) => {
        if (isDone) return
        isDone = true
        timer?.cancel()
        leave?.()
        resolve(result)
      }
      const onState = () => {
        if (stream.state.name === 'live') return finish(success(stream))
        if (stream.state.name === 'opening') {
          timer ??= clock.after(limits.probeMs, () => finish(miss({ at: clock.now(), cause: 'silent', detail: `no key frame in ${limits.probeMs / 1_000} s` })))
          return
        }
        if (stream.state.name === 'queued') return
        const last = stream.lastFailure
        finish(miss(last ?? { at: clock.now(), cause: 'unreachable', detail: 'stopped' }))
      }
      let leave: (() => void) | undefined
      const added = stream.add({ kind: 'probe', onState })
      leave = added
      if (isDone) added()
      else if (stream.state.name !== 'idle') onState()
    })
  }

  /** Starts a pull and leaves it to its linger time. */
  function warm(cameraId: CameraId, profile: Profile) {
    getStream(cameraId, profile).add({ kind: 'warm', onState() {} })()
  }

  async function still(cameraId: CameraId): Promise<Still | undefined> {
    getCamera(cameraId)
    const newest = (['main', 'sub'] as const)
      .flatMap((profile) => streams.get(keyOf(cameraId, profile)) ?? [])
      .filter((stream) => stream.state.name === 'live')
      .sort((a, b) => b.intake.newest.at - a.intake.newest.at)[0]
    if (newest) keepStill(newest, false)
    return stills.find(cameraId)
  }

  const alive = clock.every(ALIVE_EVERY_MS, () => {
    for (const [key, stream] of streams) {
      if (stream.state.name === 'live') {
        keepStill(stream, false)
        if (clock.monotonicMs() - stream.intake.newest.monoMs < FRESH_MS)
          onEvent({ type: 'streamAlive', cameraId: stream.cameraId, profile: stream.profile, at: clock.now(), isDegraded: stream.checkHealth() })
      } else if (stream.isIdle && !stream.intake.lastCodec && !stream.lastFailure) {
        goneBytesIn += stream.intake.bytesIn
        streams.delete(key)
      }
    }
  })

  async function close() {
    alive.cancel()
    admission.close()
    await Promise.all([...streams.values()].map((stream) => stream.close()))
    await stills.flush()
  }

  return {
    setCameras,
    getCamera,
    getStream,
    probe,
    warm,
    still,
    close,
    hasCamera: (cameraId: CameraId) => cameras.has(cameraId),
    stats() {
      let live = 0
      let bytesIn = goneBytesIn
      for (const stream of streams.values()) {
        bytesIn += stream.intake.bytesIn
        if (stream.state.name === 'live') live++
      }
      return { streams: live, sources, bytesIn, stillBytes: stills.memoryBytes(), opening: admission.inFlight(), queued: admission.queued() }
    },
  }
}
export type Hub = ReturnType<typeof createHub>
