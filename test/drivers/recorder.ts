/** Opens a source and keeps what it gives, so that a test can wait for it. */
import type { Clock } from '../../server/base/clock.ts'
import { systemClock } from '../../server/base/clock.ts'
import type { CameraDriver, Source, SourceFailure, StreamAddress } from '../../server/drivers/driver.ts'
import type { AudioUnit, VideoUnit } from '../../server/protocols/codec/access-unit.ts'

export type KeptVideo = Omit<VideoUnit, 'data'> & { bytes: number; nalTypes: number[] }

export type RecordedSource = {
  source: Source
  video: KeptVideo[]
  audio: Omit<AudioUnit, 'data'>[]
  failures: SourceFailure[]
  /** Resolves when the condition holds; looks after every unit and failure, and now and then. */
  until(condition: () => boolean, what: string): Promise<void>
}

export function record(
  driver: CameraDriver,
  address: Partial<StreamAddress> & { url: string },
  options: { clock?: Clock; wantsSound?: boolean; onUnit?: () => void } = {},
): RecordedSource {
  const video: KeptVideo[] = []
  const audio: Omit<AudioUnit, 'data'>[] = []
  const failures: SourceFailure[] = []
  const source = driver.open(
    { driver: 'rtsp', username: 'admin', password: 'Cam@12345', transport: 'auto', ...address },
    {
      onUnit(unit) {
        if (unit.kind === 'video') {
          const { data, ...rest } = unit
          video.push({ ...rest, bytes: data.length, nalTypes: nalTypesOf(data) })
        } else {
          const { data: _data, ...rest } = unit
          audio.push(rest)
        }
        options.onUnit?.()
      },
      onFailed: (failure) => failures.push(failure),
    },
    { clock: options.clock ?? systemClock, wantsSound: options.wantsSound ?? false },
  )
  return {
    source,
    video,
    audio,
    failures,
    until: (condition, what) => waitFor(condition, () => `${what}; ${video.length} pictures, failures ${JSON.stringify(failures)}`),
  }
}

/** Polls a condition; a test that waits in vain says for what. */
export async function waitFor(condition: () => boolean, what: () => string, limitMs = 15_000): Promise<void> {
  const startedMs = performance.now()
  while (!condition()) {
    if (performance.now() - startedMs > limitMs) throw new Error(`waited in vain for ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function nalTypesOf(data: Uint8Array): number[] {
  const types: number[] = []
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  for (let offset = 0; offset < data.length; offset += 4 + view.getUint32(offset)) types.push(data[offset + 4]! & 0x1f)
  return types
}
