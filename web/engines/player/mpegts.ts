/** The only place that knows mpegts.js: bytes in, a `MediaSource` on a video element out. It neither connects nor retries. */
import type Mpegts from 'mpegts.js'
import type { PlayerClock } from './clock.ts'

export type DecoderFailure = { isUnsupported: boolean; detail: string }

export type Decoder = {
  readonly hasAudio: boolean
  /** Whole tags, the prelude first. */
  push(bytes: ArrayBuffer): void
  /** Takes the picture off the element. Resolves when the element is free for the next decoder. Safe to call twice. */
  close(): Promise<void>
}

export type DecoderOptions = { hasAudio: boolean; clock: PlayerClock; keepBehindS?: number | undefined; onFailure: (failure: DecoderFailure) => void }
export type OpenDecoder = (video: HTMLVideoElement, options: DecoderOptions) => Promise<Decoder>

let library: Promise<typeof Mpegts> | undefined

/** Fetches mpegts.js (some 60 kB) once; called early so that it is there when the first key frame comes. */
export function loadMpegts(): Promise<typeof Mpegts> {
  library ??= import('mpegts.js').then(
    (module) => {
      module.default.LoggingControl.applyConfig({
        enableAll: false,
        enableDebug: false,
        enableVerbose: false,
        enableInfo: false,
        enableWarn: false,
        enableError: false,
      })
      return module.default
    },
    (error: unknown) => {
      library = undefined // the server was away: the next picture asks again
      throw error
    },
  )
  return library
}

const liveConfig = {
  isLive: true,
  enableWorker: false,
  enableStashBuffer: false,
  lazyLoad: false,
  deferLoadAfterSourceOpen: false,
  autoCleanupSourceBuffer: true,
  fixAudioTimestampGap: true,
  statisticsInfoReportInterval: 60_000,
} as const satisfies Mpegts.Config

export const openDecoder: OpenDecoder = async (video, { hasAudio, clock, keepBehindS = 6, onFailure }) => {
  const mpegts = await loadMpegts()
  let sink: ((bytes: ArrayBuffer) => void) | undefined
  let isClosed = false
  let closing: Promise<void> | undefined

  const player = mpegts.createPlayer(
    { type: 'flv', isLive: true, hasAudio, hasVideo: true, url: '' },
    {
      ...liveConfig,
      autoCleanupMaxBackwardDuration: 2 * keepBehindS,
      autoCleanupMinBackwardDuration: keepBehindS,
      customLoader: createLoaderClass(
        mpegts,
        (next) => (sink = next),
        () => fail('the buffer is full'),
      ),
    },
  )
  player.on(mpegts.Events.ERROR, (type: string, detail: string, more: { code?: number; msg?: string } | undefined) => {
    fail(`${type} ${detail} ${more?.msg ?? ''}`, detail === mpegts.ErrorDetails.MEDIA_CODEC_UNSUPPORTED || more?.code === DOMException.NOT_SUPPORTED_ERR)
  })
  const onVideoError = () => {
    if (video.error) fail(`media error ${video.error.code} ${video.error.message}`, video.error.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED)
  }
  player.attachMediaElement(video)
  video.addEventListener('error', onVideoError)
  player.load()

  return { hasAudio, push, close }

  function push(bytes: ArrayBuffer) {
    if (isClosed) return
    try {
      sink?.(bytes)
    } catch (error) {
      // mpegts.js reads beyond the tag when a parameter set lies about its length
      fail(error instanceof Error ? error.message : String(error))
    }
  }

  function fail(detail: string, isUnsupported = false) {
    if (!isClosed) onFailure({ isUnsupported, detail })
  }

  function close(): Promise<void> {
    isClosed = true
    sink = undefined
    video.removeEventListener('error', onVideoError)
    // mpegts.js hands its segments on in microtasks and trips over itself if it was destroyed before they ran: let them run first
    closing ??= new Promise((resolve) => {
      clock.after(0, () => {
        player.destroy()
        resolve()
      })
    })
    return closing
  }
}

/** A loader that does not load: the player pushes what its own socket brings. */
function createLoaderClass(mpegts: typeof Mpegts, onOpen: (push: (bytes: ArrayBuffer) => void) => void, onAbort: () => void): Mpegts.CustomLoaderConstructor {
  const { kIdle, kBuffering } = { kIdle: 0, kBuffering: 2 } // LoaderStatus, not exported by the library
  return class extends mpegts.BaseLoader {
    receivedBytes = 0

    constructor() {
      super('mapwall')
      this._needStash = false
    }

    override open() {
      this._status = kBuffering
      onOpen((bytes) => {
        const startByte = this.receivedBytes
        this.receivedBytes += bytes.byteLength
        this.onDataArrival(bytes, startByte, this.receivedBytes)
      })
    }

    /** Called when mpegts.js wants a pause because the browser's buffer is full; and at the end, when nobody listens any more. */
    override abort() {
      this._status = kIdle
      onAbort()
    }
  }
}
