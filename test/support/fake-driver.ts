/** A camera driver without a camera: tests script what each pull does, and send the access units themselves. */
import type { CameraDriver, Source, SourceFailure, SourceHandler, SourceStats, StreamAddress } from '../../server/drivers/driver.ts'
import type { AccessUnit, AudioConfig, AudioUnit, VideoConfig, VideoUnit } from '../../server/protocols/codec/access-unit.ts'
import type { VideoCodec } from '../../server/contract/media.ts'

export type FakePull = {
  address: StreamAddress
  isOpen: boolean
  isUnhurried: boolean
  send(unit: AccessUnit): void
  fail(failure: SourceFailure): void
  stats: SourceStats
}

export type FakeDriver = {
  driver: CameraDriver
  /** Every pull there ever was, oldest first. */
  pulls: FakePull[]
  openPulls(): FakePull[]
  /** The most that were open at once. */
  maxOpen(): number
  /** Called for each new pull, on a later tick than `open`; by default nothing happens. */
  onOpen: (pull: FakePull) => void
  /** What `close` waits for: a camera that is slow to say goodbye. */
  closeGate: Promise<void>
}

export function createFakeDriver(): FakeDriver {
  let maxOpen = 0
  const fake: FakeDriver = {
    pulls: [],
    openPulls: () => fake.pulls.filter(({ isOpen }) => isOpen),
    maxOpen: () => maxOpen,
    onOpen: () => {},
    closeGate: Promise.resolve(),
    driver: {
      open(address: StreamAddress, handler: SourceHandler): Source {
        const pull: FakePull = {
          address,
          isOpen: true,
          isUnhurried: false,
          stats: { bytesReceived: 0, packetsLost: 0, unitsDropped: 0, protocolErrors: 0 },
          send(unit) {
            if (!pull.isOpen) return
            pull.stats.bytesReceived += unit.data.length
            handler.onUnit(unit)
          },
          fail(failure) {
            if (!pull.isOpen) return
            pull.isOpen = false
            handler.onFailed(failure)
          },
        }
        fake.pulls.push(pull)
        maxOpen = Math.max(maxOpen, fake.openPulls().length)
        queueMicrotask(() => fake.onOpen(pull))
        return {
          async close() {
            pull.isOpen = false
            await fake.closeGate
          },
          stats: () => pull.stats,
          setUnhurried: (isUnhurried) => void (pull.isUnhurried = isUnhurried),
        }
      },
    },
  }
  return fake
}

export const fakeAddress = (name: string): StreamAddress => ({
  driver: 'rtsp',
  url: `rtsp://camera.invalid/${name}`,
  username: 'viewer',
  password: 'secret',
  transport: 'auto',
})

/** A configuration that looks right to muxers; nothing decodes it. */
export function fakeVideoConfig(codec: VideoCodec = 'h264', widthPx = 1280, heightPx = 720): VideoConfig {
  // HEVC: the 22 bytes before the arrays, of which there are none
  const record =
    codec === 'h265'
      ? Uint8Array.from([1, ...new Uint8Array(19), widthPx & 0xff, heightPx & 0xff, 0])
      : Uint8Array.from([1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, widthPx & 0xff, heightPx & 0xff, 1, 0, 2, 0x68, 0xee])
  return { codec, widthPx, heightPx, record, codecString: codec === 'h264' ? 'avc1.64001f' : 'hvc1.1.6.L93.B0' }
}

export const fakeAac: AudioConfig = { codec: 'aac', sampleRateHz: 16_000, channels: 1, specificConfig: Uint8Array.from([0x14, 0x08]) }
export const fakePcma: AudioConfig = { codec: 'pcma', sampleRateHz: 8_000, channels: 1, specificConfig: undefined }

export type PictureScript = { config?: VideoConfig; fps?: number; gopFrames?: number; keyBytes?: number; deltaBytes?: number; startMs?: number }

/** Pictures one after another: `next()` is a key frame every `gopFrames`. Each carries its number in its data. */
export function createPictures({
  config = fakeVideoConfig(),
  fps = 25,
  gopFrames = 50,
  keyBytes = 40_000,
  deltaBytes = 9_000,
  startMs = 5_000,
}: PictureScript = {}) {
  let number = 0
  const pictures = {
    config,
    get count() {
      return number
    },
    next(isKey = number % gopFrames === 0): VideoUnit {
      const dts90k = startMs * 90 + Math.round((number * 90_000) / fps)
      const data = Buffer.alloc(isKey ? keyBytes : deltaBytes, number & 0xff)
      data.writeUInt32BE(data.length - 4, 0)
      data[4] = isKey ? 0x65 : 0x41
      data.writeUInt32BE(number++, 5)
      return { kind: 'video', config: pictures.config, isKey, dts90k, pts90k: dts90k, data }
    },
  }
  return pictures
}
export type Pictures = ReturnType<typeof createPictures>

export const fakeSound = (dtsMs: number, config: AudioConfig = fakeAac, bytes = 160): AudioUnit => ({
  kind: 'audio',
  config,
  dts90k: dtsMs * 90,
  data: new Uint8Array(bytes).fill(0xd5),
})
