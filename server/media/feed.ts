/** A stream of finished tags with its GOP cache: what viewers read. A camera's stream has one, and so has every transcoded variant of it. */
import { isSameVideo } from './format.ts'
import { type FeedFormat, type Tag } from './tag.ts'

export type GopLimits = { maxBytes: number; maxMs: number }

/** The tags from one key frame on. Once it grew over its limits nothing more is added: nobody can start from it any more. */
export type Gop = { tags: Tag[]; bytes: number; videoTags: number; isWhole: boolean }

export type FeedListener = {
  /** On the same tick as the frame came. For a key frame, `feed.gop` is already the new one. */
  onTag(tag: Tag): void
  /** The first format, or another one: decoders must start anew. `undefined` when the feed stopped. */
  onFormat(format: FeedFormat | undefined): void
}

const emptyGop = (): Gop => ({ tags: [], bytes: 0, videoTags: 0, isWhole: false })

/** Measures frame rate and bit rate over whole seconds. */
class RateMeter {
  private sinceMs = 0
  private bytes = 0
  private frames = 0
  kbps = 0
  fps = 0

  add(bytes: number, isVideo: boolean, nowMs: number) {
    if (this.sinceMs === 0) this.sinceMs = nowMs
    const passedMs = nowMs - this.sinceMs
    if (passedMs >= 1_000) {
      this.kbps = Math.round((this.bytes * 8) / passedMs)
      this.fps = Math.round((this.frames * 10_000) / passedMs) / 10
      this.sinceMs = nowMs
      this.bytes = 0
      this.frames = 0
    }
    this.bytes += bytes
    if (isVideo) this.frames++
  }
}

export class Feed {
  private readonly limits: GopLimits
  private readonly listeners = new Set<FeedListener>()
  readonly rates = new RateMeter()
  format: FeedFormat | undefined
  gop: Gop = emptyGop()
  /** The newest key frame, kept for stills when its GOP grew too large. */
  lastKey: { tag: Tag; format: FeedFormat } | undefined

  constructor(limits: GopLimits) {
    this.limits = limits
  }

  get listenerCount() {
    return this.listeners.size
  }

  /** A listener that joins late reads `format` and `gop` itself. Answers a function that ends the listening. */
  listen(listener: FeedListener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  setFormat(format: FeedFormat | undefined) {
    // sound that begins later does not spoil the pictures
    const keepsPictures = format && this.format && isSameVideo(format.video, this.format.video)
    this.format = format
    if (!keepsPictures) this.gop = emptyGop()
    const told = [...this.listeners] // they come and go meanwhile
    for (const listener of told) listener.onFormat(format)
  }

  /** The pull ended: nothing is kept of it. */
  clear() {
    this.lastKey = undefined
    if (this.format) this.setFormat(undefined)
  }

  push(tag: Tag, arrivedMonoMs: number) {
    this.rates.add(tag.frame.length, tag.kind === 'video', arrivedMonoMs)
    if (tag.isKey && this.format) {
      this.gop = { tags: [tag], bytes: tag.frame.length, videoTags: 1, isWhole: true }
      this.lastKey = { tag, format: this.format }
    } else this.append(tag)
    for (const listener of this.listeners) listener.onTag(tag)
  }

  private append(tag: Tag) {
    const { gop, limits } = this
    const first = gop.tags[0]
    if (!gop.isWhole || !first) return
    if (gop.bytes + tag.frame.length > limits.maxBytes || tag.flvMs - first.flvMs > limits.maxMs) {
      gop.isWhole = false
      return
    }
    gop.tags.push(tag)
    gop.bytes += tag.frame.length
    if (tag.kind === 'video') gop.videoTags++
  }
}
