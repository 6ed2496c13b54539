/** From NAL units, whole or in fragments, to access units. Shared by the depacketizers of H.264 and H.265. */
import { ProtocolError } from '../../base/errors.ts'
import type { VideoConfig, VideoUnit } from '../codec/access-unit.ts'
import { type NalRole, type NalRules, findStartCode, splitAnnexB, trimZeros } from '../codec/nal.ts'
import { ParameterSets, type SetKind } from '../codec/parameter-sets.ts'
import { DecodeTimes } from './decode-time.ts'
import { Timeline } from './timeline.ts'

/** A key frame of 4K at the worst quality is about 4 MB. */
export const MAX_UNIT_BYTES = 8 * 1024 * 1024
const FIRST_SCRATCH_BYTES = 64 * 1024
const LENGTH_BYTES = 4
/** How far presentation times of a stream with reordering may step back. */
const MAX_REORDER_90K = 90_000

export type AssemblerCounters = { unitsDropped: number; protocolErrors: number }

/**
 * Joins NAL units into access units in one growing scratch buffer.
 *
 * An access unit ends at the marker, at a change of timestamp, or where the next one visibly begins (first slice, delimiter), and only if it holds
 * a slice: some cameras set the marker on SPS and PPS, some never, some on each slice (then markers are ignored from there on). Parameter sets and SEI
 * do not end it: GStreamer's rtph264pay puts SPS and PPS before every slice of an IDR picture.
 * Output starts at the first key frame whose parameter sets are known, and again so after a loss.
 */
export class VideoAssembler {
  readonly #sets: ParameterSets
  readonly #rules: NalRules
  readonly #onUnit: (unit: VideoUnit) => void
  readonly #counters: AssemblerCounters
  readonly #timeline: Timeline
  readonly #decodeTimes = new DecodeTimes()

  #scratch = new Uint8Array(FIRST_SCRATCH_BYTES)
  #length = 0
  /** Where the open NAL unit's length field is; -1 when none is open. */
  #openAt = -1
  #openRole: NalRole = 'useless'

  /** Of the last key frame: changed parameter sets count from the next one on. */
  #config: VideoConfig | undefined

  #timestamp = 0
  #arrival90k = 0
  #unitTimestamp = 0
  #hasSlice = false
  #isKey = false
  #isDamaged = false
  #isWaitingForKey = true
  #hasEmitted = false
  #isMarkerTrusted = true
  /** Timestamp of the unit that a marker ended last. */
  #markedTimestamp: number | undefined

  constructor(rules: NalRules, clockRateHz: number, counters: AssemblerCounters, onUnit: (unit: VideoUnit) => void) {
    this.#rules = rules
    this.#onUnit = onUnit
    this.#counters = counters
    this.#timeline = new Timeline(clockRateHz)
    this.#sets = new ParameterSets(rules.codec)
  }

  /** sprop-parameter-sets and the like, in any order; what cannot be read is left out. */
  addFromSdp(nals: readonly Uint8Array[]): void {
    for (const nal of nals) {
      const role = this.#rules.role(this.#rules.type(nal[0] ?? 0))
      if (role === 'vps' || role === 'sps' || role === 'pps') this.#addSet(role, nal, 'sdp')
    }
  }

  /** Call before the NAL units of each packet.  */
  beginPacket(timestamp: number, arrival90k: number, isAfterLoss: boolean): void {
    this.#arrival90k = arrival90k
    if (isAfterLoss) {
      this.abortFragment()
      if (this.#hasSlice) this.#isDamaged = true
      this.#isWaitingForKey = true
    }
    if (timestamp !== this.#timestamp) {
      this.abortFragment()
      this.#flush()
    }
    this.#timestamp = timestamp
  }

  endPacket(isMarker: boolean): void {
    if (!isMarker || !this.#isMarkerTrusted || !this.#hasSlice || this.#openAt >= 0) return
    this.#markedTimestamp = this.#timestamp
    this.#flush()
  }

  /** A new sender: what is held is not finished by it. */
  restart(): void {
    this.abortFragment()
    if (this.#hasSlice) this.#isDamaged = true
    this.#flush()
    this.#isWaitingForKey = true
    this.#markedTimestamp = undefined
    this.#timeline.restart()
  }

  /** One whole NAL unit, or what a camera takes for one: start codes inside are split. */
  nal(bytes: Uint8Array, start: number, end: number): void {
    if (this.#mayHoldStartCodes(bytes, start) && findStartCode(bytes, start, end) < end) {
      splitAnnexB(bytes, start, end, (nalStart, nalEnd) => this.#cleanNal(bytes, nalStart, nalEnd))
      return
    }
    this.#cleanNal(bytes, start, end)
  }

  /** NAL units each after a 16-bit size. Entries of size 0 are met and skipped. */
  aggregate(bytes: Uint8Array, start: number, end: number, clause: string): void {
    let offset = start
    while (offset + 2 <= end) {
      const size = (bytes[offset]! << 8) | bytes[offset + 1]!
      offset += 2
      if (size > end - offset) throw new ProtocolError(clause, `entry of ${size} bytes, ${end - offset} left`, offset)
      if (size > 0) this.nal(bytes, offset, offset + size)
      offset += size
    }
  }

  /** The first part of a fragmented NAL unit: its rebuilt header (`second` is -1 for a header of one byte), then payload. */
  openFragment(first: number, second: number, bytes: Uint8Array, start: number, end: number): void {
    this.abortFragment()
    const type = this.#rules.type(first)
    this.#beginNal(type, this.#rules.role(type), start < end ? bytes[start]! : 0)
    this.#openAt = this.#length
    this.#reserve(LENGTH_BYTES + 2 + end - start)
    this.#length += LENGTH_BYTES
    this.#scratch[this.#length++] = first
    if (second >= 0) this.#scratch[this.#length++] = second
    this.#copy(bytes, start, end)
  }

  /** Whether a NAL unit of this type is open. If not, the packet belongs to one whose start is missing: the picture is damaged. */
  continuesFragment(type: number): boolean {
    if (this.#openAt >= 0 && this.#rules.type(this.#scratch[this.#openAt + LENGTH_BYTES]!) === type) return true
    this.abortFragment()
    const role = this.#rules.role(type)
    if (role === 'key' || role === 'slice') {
      if (!this.#hasSlice) this.#unitTimestamp = this.#timestamp
      this.#hasSlice = true
      this.#isDamaged = true
    }
    return false
  }

  appendFragment(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start)
    this.#copy(bytes, start, end)
  }

  closeFragment(): void {
    const start = this.#openAt + LENGTH_BYTES
    const end = trimZeros(this.#scratch, start, this.#length)
    const role = this.#openRole
    this.#openAt = -1
    if (role === 'key' || role === 'slice') {
      this.#length = end
      this.#writeLength(start - LENGTH_BYTES, end - start)
      this.#hasSlice = true
      return
    }
    // Rare: a parameter set, an SEI, or a whole picture a camera calls "SPS". Take it out and look at it as a whole.
    const whole = this.#scratch.slice(start, end)
    this.#length = start - LENGTH_BYTES
    this.nal(whole, 0, whole.length)
  }

  /** The open NAL unit cannot be finished; a picture it belonged to is damaged. */
  abortFragment(): void {
    if (this.#openAt < 0) return
    this.#length = this.#openAt
    this.#openAt = -1
    if (this.#openRole === 'key' || this.#openRole === 'slice') {
      this.#hasSlice = true
      this.#isDamaged = true
    }
  }

  #mayHoldStartCodes(bytes: Uint8Array, start: number): boolean {
    if (bytes[start] === 0) return true // no NAL unit of ours begins with 00: a start code does
    const role = this.#rules.role(this.#rules.type(bytes[start]!))
    return role !== 'key' && role !== 'slice'
  }

  #cleanNal(bytes: Uint8Array, start: number, untrimmedEnd: number): void {
    const end = trimZeros(bytes, start, untrimmedEnd)
    if (end - start <= this.#rules.headerBytes) {
      if (end - start > 0 && this.#rules.role(this.#rules.type(bytes[start]!)) === 'delimiter') this.#flush()
      return
    }
    const type = this.#rules.type(bytes[start]!)
    const role = this.#rules.role(type)
    this.#beginNal(type, role, bytes[start + this.#rules.headerBytes]!)
    switch (role) {
      case 'useless':
      case 'delimiter':
        return
      case 'vps':
      case 'sps':
      case 'pps':
        this.#addSet(role, bytes.subarray(start, end), 'stream')
        return
      default:
        this.#reserve(LENGTH_BYTES + end - start)
        this.#writeLength(this.#length, end - start)
        this.#length += LENGTH_BYTES
        this.#copy(bytes, start, end)
        if (role === 'key' || role === 'slice') this.#hasSlice = true
    }
  }

  /** What a NAL unit's beginning tells: whether the picture before it has ended, and what the new one is. */
  #beginNal(type: number, role: NalRole, afterHeader: number): void {
    this.#openRole = role
    if (role === 'useless' || role === 'trail') return
    const isSlice = role === 'key' || role === 'slice'
    const isFirstSlice = isSlice && this.#rules.isFirstSlice(type, afterHeader)
    if (this.#hasSlice && (isFirstSlice || role === 'delimiter')) this.#flush()
    if (!isSlice) return
    if (!this.#hasSlice) {
      this.#unitTimestamp = this.#timestamp
      if (!isFirstSlice) this.#onMissingFirstSlice()
    }
    if (role === 'key') this.#isKey = true
  }

  /** The picture's beginning is not here: lost, or cut off by a marker that did not mean the end. */
  #onMissingFirstSlice(): void {
    this.#isDamaged = true
    if (this.#markedTimestamp === this.#timestamp) this.#isMarkerTrusted = false
  }

  #addSet(kind: SetKind, nal: Uint8Array, origin: 'sdp' | 'stream'): void {
    try {
      this.#sets.add(kind, nal, origin)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#counters.protocolErrors += 1
    }
  }

  /** Ends the access unit under assembly, if it holds a picture. */
  #flush(): void {
    if (!this.#hasSlice) return
    const length = this.#length
    const isKey = this.#isKey
    const isDamaged = this.#isDamaged
    this.#length = 0
    this.#openAt = -1
    this.#hasSlice = false
    this.#isKey = false
    this.#isDamaged = false
    if (isDamaged) this.#isWaitingForKey = true
    if (isDamaged || (this.#isWaitingForKey && !isKey)) return this.#drop()
    if (isKey) this.#config = this.#sets.config()
    const config = this.#config
    if (!config) {
      this.#isWaitingForKey = true
      return this.#drop()
    }
    this.#isWaitingForKey = false
    this.#hasEmitted = true
    const { reorderFrames } = this.#sets
    const placed90k = this.#timeline.place(this.#unitTimestamp, this.#arrival90k, reorderFrames === 0 ? 0 : MAX_REORDER_90K)
    const dts90k = this.#decodeTimes.next(placed90k, reorderFrames)
    this.#onUnit({ kind: 'video', config, isKey, dts90k, pts90k: Math.max(placed90k, dts90k), data: this.#scratch.subarray(0, length) })
  }

  /** Pictures before the first key frame were never ours to lose. */
  #drop(): void {
    if (this.#hasEmitted) this.#counters.unitsDropped += 1
  }

  #writeLength(offset: number, length: number): void {
    const scratch = this.#scratch
    scratch[offset] = length >>> 24
    scratch[offset + 1] = length >>> 16
    scratch[offset + 2] = length >>> 8
    scratch[offset + 3] = length
  }

  #copy(bytes: Uint8Array, start: number, end: number): void {
    this.#scratch.set(bytes.subarray(start, end), this.#length)
    this.#length += end - start
  }

  /** Makes room for `count` bytes more; a picture beyond the limit is dropped whole. */
  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#scratch.length) return
    if (needed > MAX_UNIT_BYTES) {
      this.#length = 0
      this.#openAt = -1
      this.#isDamaged = true
      this.#hasSlice = true
      throw new ProtocolError('access unit', `more than ${MAX_UNIT_BYTES} bytes`)
    }
    const grown = new Uint8Array(Math.min(MAX_UNIT_BYTES, Math.max(needed, this.#scratch.length * 2)))
    grown.set(this.#scratch.subarray(0, this.#length))
    this.#scratch = grown
  }
}
