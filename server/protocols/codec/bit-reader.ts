/** Reads bits, most significant first, and the Exp-Golomb codes of H.264 §9.1 and H.265 §9.2. */
import { ProtocolError } from '../../base/errors.ts'

export class BitReader {
  #bytes: Uint8Array
  #bit = 0
  #clause: string

  /** `clause` names the syntax being read; it stands in the error when the bytes end too early. */
  constructor(bytes: Uint8Array, clause: string) {
    this.#bytes = bytes
    this.#clause = clause
  }

  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#bit
  }

  /** u(n), n up to 32. */
  bits(count: number): number {
    if (count > this.bitsLeft) throw new ProtocolError(this.#clause, 'ends too early', this.#bytes.length)
    let value = 0
    for (let i = 0; i < count; i++, this.#bit++) {
      value = value * 2 + ((this.#bytes[this.#bit >>> 3]! >>> (7 - (this.#bit & 7))) & 1)
    }
    return value
  }

  flag(): boolean {
    return this.bits(1) === 1
  }

  skip(count: number): void {
    if (count > this.bitsLeft) throw new ProtocolError(this.#clause, 'ends too early', this.#bytes.length)
    this.#bit += count
  }

  /** ue(v). More than 32 leading zeros is not a number any field may hold. */
  ue(): number {
    let zeros = 0
    while (!this.flag()) {
      if (++zeros > 32) throw new ProtocolError(this.#clause, 'Exp-Golomb code too long', this.#bit >>> 3)
    }
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** se(v) */
  se(): number {
    const code = this.ue()
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2
  }

  /** ue(v) that the standard, or good sense, limits: a count or a size is checked before it is used. */
  ueUpTo(limit: number, name: string): number {
    const value = this.ue()
    if (value > limit) throw new ProtocolError(this.#clause, `${name} ${value}, more than ${limit}`, this.#bit >>> 3)
    return value
  }
}
