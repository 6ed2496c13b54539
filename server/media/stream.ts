/**
 * `Stream` = one camera and profile: one pull, any number of consumers (R-LIVE-2). The only place that tries again.
 *
 * idle → queued (for admission) → opening → live; a failure leads to `waiting` while someone wants pictures, else to `idle`.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { CameraId, Instant, Profile } from '../contract/ids.ts'
import type { FailureCause } from '../contract/status.ts'
import type { CameraDriver, Source, SourceFailure, StreamAddress } from '../drivers/driver.ts'
import type { AccessUnit } from '../protocols/codec/access-unit.ts'
import type { Admission } from './admission.ts'
import { GOOD_STREAM_MS, pauseMs } from './backoff.ts'
import { Feed, type GopLimits } from './feed.ts'
import { Intake } from './intake.ts'

export type StreamLimits = {
  gop: GopLimits
  /** How long a pull goes on after the last consumer left. */
  lingerMs: number
  /** A pull without a key frame for this long has failed: twice the longest GOP met in the field. */
  firstKeyFrameMs: number
  /** A live pull without any unit for this long has failed. */
  silenceMs: number
}

export type StreamState =
  | { name: 'idle' }
  | { name: 'queued' }
  | { name: 'opening'; sinceMonoMs: number }
  | { name: 'live'; sinceMonoMs: number; firstKeyFrameMs: number }
  | { name: 'waiting'; failure: SourceFailure; untilMonoMs: number }

/** `warm` only keeps the linger time running; `probe` neither waits for retries nor lingers. */
export type ConsumerKind = 'viewer' | 'recorder' | 'warm' | 'probe'
export type Consumer = { kind: ConsumerKind; onState(stream: Stream): void }

/** A failure and when it happened. */
export type FailureRecord = SourceFailure & { at: Instant; monoMs: number }

export type StreamDeps = {
  clock: Clock
  log: Log
  random: () => number
  driver: CameraDriver
  admission: Admission
  limits: StreamLimits
  /** `wasWanted` is false for a pull that only a probe asked for. */
  onUp(stream: Stream): void
  onDown(stream: Stream, failure: FailureRecord, wasWanted: boolean): void
  /** A pull ended, for whatever reason, while its last key frame is still there. */
  onEnd(stream: Stream, hasFailed: boolean): void
  onSourceCount(change: 1 | -1): void
}

/** Trying again will not help: the camera has no such stream, or none that we can take. Another of its streams may do. */
export const isMissing = ({ cause }: SourceFailure) => cause === 'no_such_stream' || cause === 'codec_not_supported'

export class Stream {
  readonly cameraId: CameraId
  readonly profile: Profile
  readonly feed: Feed
  readonly intake: Intake
  state: StreamState = { name: 'idle' }
  lastFailure: FailureRecord | undefined
  private readonly deps: StreamDeps
  private address: StreamAddress
  private readonly consumers = new Set<Consumer>()
  private source: Source | undefined
  private pullNumber = 0
  private closing: Promise<void> = Promise.resolve()
  private failures = 0
  private isClosed = false
  private cancelAdmission: (() => void) | undefined
  private release: (() => void) | undefined
  private watchdog: Timer | undefined
  private retryTimer: Timer | undefined
  private lingerTimer: Timer | undefined

  constructor(cameraId: CameraId, profile: Profile, address: StreamAddress, deps: StreamDeps) {
    this.cameraId = cameraId
    this.profile = profile
    this.address = address
    this.deps = deps
    this.feed = new Feed(deps.limits.gop)
    this.intake = new Intake(this.feed, deps.clock)
  }

  get viewerCount() {
    let count = 0
    for (const consumer of this.consumers) if (consumer.kind === 'viewer') count++
    return count
  }

  get isIdle() {
    return this.state.name === 'idle' && this.consumers.size === 0
  }

  /** How many tries failed since the stream was last good; the next one has the number after it. */
  get attempt() {
    return this.failures + 1
  }

  /** Begins the pull if it is not there. Answers a function that leaves; the last to leave starts the linger time. */
  add(consumer: Consumer): () => void {
    const priorityBefore = this.priority
    this.consumers.add(consumer)
    if (consumer.kind !== 'probe') this.endLinger()
    if (consumer.kind === 'viewer') this.setHurry()
    if (this.state.name === 'idle') this.queue()
    else if (this.state.name === 'queued' && this.priority !== priorityBefore) this.queue() // it can only have become better
    else if (this.state.name === 'waiting' && consumer.kind === 'viewer') this.retrySoon()
    return () => {
      if (this.consumers.delete(consumer)) this.onLeft(consumer.kind)
    }
  }

  /** A person asked: no pause is long enough to refuse that. */
  retryNow() {
    if (this.state.name === 'waiting') this.queue()
  }

  /** Another stream of this camera was let in: an old refusal says nothing any more. */
  forgetRefusal() {
    if (this.lastFailure?.cause !== 'refused_login') return
    this.lastFailure = undefined
    this.retryNow()
  }

  /** A changed address ends the pull and starts it anew if anyone wants it. */
  setAddress(address: StreamAddress) {
    const isSame = (Object.keys(address) as (keyof StreamAddress)[]).every((key) => address[key] === this.address[key])
    if (isSame) return
    this.address = address
    this.lastFailure = undefined
    this.intake.lastCodec = undefined
    this.failures = 0
    this.stop()
    if (this.consumers.size > 0) this.queue()
  }

  /** Degraded now? Asked at regular times; each call judges the time since the last one. */
  checkHealth(): FailureCause | null {
    return this.source ? this.intake.judge(this.source.stats()) : null
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.consumers.clear()
    this.stop()
    await this.closing
  }

  private get hasWatchers() {
    for (const consumer of this.consumers) if (consumer.kind !== 'probe') return true
    return false
  }

  private get isWanted() {
    return this.hasWatchers || this.lingerTimer !== undefined
  }

  private get priority() {
    if (this.viewerCount > 0) return 'watched'
    if (this.isRecorded) return 'recorded'
    return this.isWanted ? 'watched' : 'probed'
  }

  private get isRecorded() {
    for (const consumer of this.consumers) if (consumer.kind === 'recorder') return true
    return false
  }

  private setState(state: StreamState) {
    this.state = state
    const told = [...this.consumers] // they come and go meanwhile
    for (const consumer of told) consumer.onState(this)
  }

  private queue() {
    if (this.isClosed) return
    this.retryTimer?.cancel()
    this.retryTimer = undefined
    this.endAdmission()
    const pull = ++this.pullNumber
    this.setState({ name: 'queued' })
    if (pull !== this.pullNumber) return
    this.cancelAdmission = this.deps.admission.request(this.priority, (release) => {
      this.cancelAdmission = undefined
      this.release = release
      // the goodbye to the camera goes first: many have no place for two
      void this.closing.then(() => {
        if (pull === this.pullNumber) this.open()
        else release()
      })
    })
  }

  private open() {
    const { clock, driver, limits } = this.deps
    const openedMonoMs = clock.monotonicMs()
    const pull = this.pullNumber
    this.intake.begin(openedMonoMs)
    this.setState({ name: 'opening', sinceMonoMs: openedMonoMs })
    if (pull !== this.pullNumber) return
    this.deps.onSourceCount(1)
    const source = driver.open(
      this.address,
      {
        onUnit: (unit) => {
          if (pull === this.pullNumber) this.onUnit(unit)
        },
        onFailed: (failure) => {
          if (pull === this.pullNumber) this.fail(failure)
        },
      },
      { clock, wantsSound: true },
    )
    if (pull !== this.pullNumber) return this.closeSource(source) // failed at once
    this.source = source
    this.watchdog = clock.every(1_000, () => {
      const nowMs = clock.monotonicMs()
      if (this.state.name === 'opening' && nowMs - openedMonoMs >= limits.firstKeyFrameMs)
        this.fail({ cause: 'silent', detail: `no key frame in ${limits.firstKeyFrameMs / 1_000} s` })
      else if (this.state.name === 'live' && nowMs - this.intake.lastUnitMonoMs >= limits.silenceMs)
        this.fail({ cause: 'silent', detail: `nothing for ${limits.silenceMs / 1_000} s` })
    })
  }

  private onUnit(unit: AccessUnit) {
    try {
      this.intake.take(unit)
      if (this.state.name === 'opening' && this.feed.lastKey) this.onFirstKeyFrame(this.intake.lastUnitMonoMs - this.state.sinceMonoMs)
    } catch (problem) {
      this.deps.log.warn({ cameraId: this.cameraId, problem }, 'a unit could not be taken')
      this.fail({ cause: 'protocol_error', detail: 'a unit could not be taken' })
    }
  }

  private onFirstKeyFrame(firstKeyFrameMs: number) {
    this.endAdmission()
    this.lastFailure = undefined
    this.setState({ name: 'live', sinceMonoMs: this.intake.lastUnitMonoMs, firstKeyFrameMs })
    this.setHurry()
    this.deps.onUp(this)
  }

  private fail(failure: SourceFailure) {
    const { clock, random } = this.deps
    const nowMs = clock.monotonicMs()
    if (this.state.name === 'live' && nowMs - this.state.sinceMonoMs >= GOOD_STREAM_MS) this.failures = 0
    const wasWanted = this.isWanted
    this.dropSource(true)
    this.lastFailure = { ...failure, at: clock.now(), monoMs: nowMs }
    this.deps.onDown(this, this.lastFailure, wasWanted)
    if (!this.hasWatchers) return this.stop()
    const waitMs = pauseMs({ cause: failure.cause, failures: this.failures++, isWatched: this.viewerCount > 0 || this.isRecorded, random })
    this.retryTimer = clock.after(waitMs, () => this.queue())
    this.setState({ name: 'waiting', failure, untilMonoMs: nowMs + waitMs })
  }

  /** A new viewer does not sit out the pause of those before it, but neither does a crowd of them hammer the camera. */
  private retrySoon() {
    if (!this.lastFailure || this.lastFailure.cause === 'refused_login') return
    if (this.deps.clock.monotonicMs() - this.lastFailure.monoMs >= 2_000) this.queue()
  }

  /** Recorded and kept warm, a stream may be read in larger pieces; until it is live, and for eyes, each picture at once. */
  private setHurry() {
    this.source?.setUnhurried(this.state.name === 'live' && this.viewerCount === 0)
  }

  private onLeft(kind: ConsumerKind) {
    this.setHurry()
    if (this.isClosed || this.isWanted) return
    if (kind === 'probe' || this.state.name === 'waiting') {
      if (this.consumers.size === 0) this.stop()
      return
    }
    this.lingerTimer = this.deps.clock.after(this.deps.limits.lingerMs, () => {
      this.lingerTimer = undefined
      if (this.consumers.size === 0) this.stop()
    })
  }

  /** Back to idle, without judging anything. */
  private stop() {
    this.endLinger()
    this.retryTimer?.cancel()
    this.retryTimer = undefined
    this.failures = 0
    this.dropSource(false)
    this.setState({ name: 'idle' })
  }

  private endLinger() {
    this.lingerTimer?.cancel()
    this.lingerTimer = undefined
  }

  private endAdmission() {
    this.cancelAdmission?.()
    this.cancelAdmission = undefined
    this.release?.()
    this.release = undefined
  }

  private dropSource(hasFailed: boolean) {
    this.pullNumber++
    this.endAdmission()
    this.watchdog?.cancel()
    this.watchdog = undefined
    const source = this.source
    this.source = undefined
    if (!source) return
    this.deps.onEnd(this, hasFailed)
    this.closeSource(source)
    this.feed.clear()
  }

  private closeSource(source: Source) {
    const { log, onSourceCount } = this.deps
    this.closing = source
      .close()
      .catch((problem: unknown) => log.warn({ cameraId: this.cameraId, problem }, 'a source did not close'))
      .then(() => onSourceCount(-1))
  }
}
