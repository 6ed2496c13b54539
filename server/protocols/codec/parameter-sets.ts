/** The parameter sets of one stream, and the decoder configuration made of them. */
import type { VideoCodec } from '../../contract/media.ts'
import { isSameBytes } from '../bytes.ts'
import type { VideoConfig } from './access-unit.ts'
import { h264Config, parseH264PpsId, parseH264Sps } from './h264.ts'
import { h265Config, parseH265PpsId, parseH265Sps, parseH265VpsId } from './h265.ts'
import { MAX_PARAMETER_SET_BYTES } from './nal.ts'

export type SetKind = 'vps' | 'sps' | 'pps'
type SetsById = Map<number, Uint8Array>

/** The records count SPS in 5 bits. */
const MAX_SETS_OF_A_KIND = 31

/**
 * Collects VPS, SPS and PPS by id. Sets from the SDP serve until the first one of their kind comes in band: SDPs are often outdated.
 * `config()` gives the same object until a set changes.
 */
export class ParameterSets {
  readonly #codec: VideoCodec
  readonly #sets: Record<SetKind, SetsById> = { vps: new Map(), sps: new Map(), pps: new Map() }
  readonly #seenInBand = new Set<SetKind>()
  #config: VideoConfig | undefined
  #reorderFrames: number | undefined

  constructor(codec: VideoCodec) {
    this.#codec = codec
  }

  /** max_num_reorder_frames of the newest SPS; `undefined` when the stream does not say. */
  get reorderFrames(): number | undefined {
    return this.#reorderFrames
  }

  /** Takes a copy of `nal` (with its header). Throws `ProtocolError` for a set that cannot be read; what was known stays. */
  add(kind: SetKind, nal: Uint8Array, origin: 'sdp' | 'stream'): void {
    if (nal.length > MAX_PARAMETER_SET_BYTES) return
    const sets = this.#sets[kind]
    const id = this.#parseId(kind, nal)
    if (origin === 'sdp' && this.#seenInBand.has(kind)) return
    if (origin === 'stream' && !this.#seenInBand.has(kind)) {
      this.#seenInBand.add(kind)
      for (const known of sets.keys()) if (known !== id) sets.delete(known)
    }
    const known = sets.get(id)
    if (known && isSameBytes(known, nal)) return
    sets.delete(id) // so that the newest comes last
    sets.set(id, Uint8Array.from(nal)) // not slice(): of a Buffer that would be a view of shared bytes
    for (const oldest of sets.keys()) if (sets.size > MAX_SETS_OF_A_KIND) sets.delete(oldest)
    this.#config = undefined
  }

  /** `undefined` until a set of each kind is known. */
  config(): VideoConfig | undefined {
    if (this.#config) return this.#config
    const { vps, sps, pps } = this.#sets
    const newestSps = [...sps.values()].at(-1)
    if (!newestSps || pps.size === 0) return undefined
    if (this.#codec === 'h264') {
      this.#config = h264Config([...sps.values()], [...pps.values()])
      this.#reorderFrames = parseH264Sps(newestSps).reorderFrames
    } else {
      if (vps.size === 0) return undefined
      this.#config = h265Config([...vps.values()], [...sps.values()], [...pps.values()])
      this.#reorderFrames = parseH265Sps(newestSps).reorderFrames
    }
    return this.#config
  }

  #parseId(kind: SetKind, nal: Uint8Array): number {
    switch (kind) {
      case 'vps':
        return parseH265VpsId(nal)
      case 'sps':
        return this.#codec === 'h264' ? parseH264Sps(nal).spsId : parseH265Sps(nal).spsId
      case 'pps':
        return this.#codec === 'h264' ? parseH264PpsId(nal) : parseH265PpsId(nal)
    }
  }
}
