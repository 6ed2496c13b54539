/** How a camera is reached. One folder per protocol; every driver passes `test/drivers/conformance.ts`. */
import type { Clock } from '../base/clock.ts'
import type { AccessUnit } from '../protocols/codec/access-unit.ts'
import type { FailureCause } from '../contract/status.ts'

/** Where a stream is and how to log in. `url` holds no credentials and is kept byte for byte. */
export type StreamAddress = {
  driver: 'rtsp'
  url: string
  username: string
  password: string
  transport: 'auto' | 'tcp' | 'udp'
}

/** Why a source ended. `detail` is short evidence (`ECONNREFUSED`, `RTSP 401`), never a secret. */
export type SourceFailure = { cause: FailureCause; detail: string }

export type SourceStats = { bytesReceived: number; packetsLost: number; unitsDropped: number; protocolErrors: number }

export type SourceHandler = {
  /** Called for each access unit, in decoding order, on the same tick as the bytes came. */
  onUnit(unit: AccessUnit): void
  /** Called at most once, when the source has failed or the peer ended it; it is already closed. Never after `close()`. */
  onFailed(failure: SourceFailure): void
}

/** One pull of one stream. Fails fast: retrying is the business of `Stream`. */
export type Source = {
  /** Says goodbye to the peer (TEARDOWN, at most 1 s) and frees everything. Safe to call twice. */
  close(): Promise<void>
  stats(): SourceStats
  /** Whether units may come up to 0.2 s late because nobody watches. Not so until it is said. */
  setUnhurried(isUnhurried: boolean): void
}

export type CameraDriver = {
  open(address: StreamAddress, handler: SourceHandler, options: { clock: Clock; wantsSound: boolean }): Source
}
