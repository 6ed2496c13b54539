/** Finds cameras by name, number, address and pinyin initials, best first, and says which letters matched (R-MAP-4). */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { TextRange } from '../../ui/MarkedText.vue'

export type CameraMatch = {
  point: CameraPoint
  name: readonly TextRange[]
  label: readonly TextRange[]
  cameraId: readonly TextRange[]
  address: readonly TextRange[]
}

/** A text without what people leave out when typing, with the way back to its letters. */
type Compact = { text: string; at: readonly number[] }

type Field = 'name' | 'label' | 'cameraId' | 'address'
type Hit = { rank: number; field: Field; ranges: readonly TextRange[] }

const compacts = new Map<string, Compact>()
const compactsKept = 100_000
const collator = new Intl.Collator('zh-Hans-CN', { numeric: true })

/** Every word of `query` must be found somewhere. An empty query finds nothing. */
export function searchCameras(points: readonly CameraPoint[], query: string): CameraMatch[] {
  const words = query
    .normalize('NFKC')
    .trim()
    .split(/\s+/)
    .map((word) => compact(word).text)
    .filter((word) => word !== '')
  if (words.length === 0) return []
  const found: { match: CameraMatch; rank: number }[] = []
  for (const point of points) {
    const match = { point, name: [] as TextRange[], label: [] as TextRange[], cameraId: [] as TextRange[], address: [] as TextRange[] }
    let rank = 0
    const isAll = words.every((word) => {
      const hit = findWord(point, word)
      if (hit === undefined) return false
      rank += hit.rank
      match[hit.field].push(...hit.ranges)
      return true
    })
    if (isAll) found.push({ match, rank })
  }
  return found.toSorted((a, b) => a.rank - b.rank || compareNames(a.match.point, b.match.point)).map((entry) => entry.match)
}

/** Names in the order people expect: 澄桥路-2 before 澄桥路-10. */
export function compareNames(a: CameraPoint, b: CameraPoint): number {
  return collator.compare(a.name, b.name)
}

/** The best place one word is found at. Ranks: the whole of a field, its beginning, the end of a number, anywhere; the address last. */
function findWord(point: CameraPoint, word: string): Hit | undefined {
  const name = compact(point.name)
  const label = compact(point.label)
  const cameraId = compact(point.cameraId)
  const initials = compact(point.initials)
  const hit = (rank: number, field: Field, text: Compact, from: number): Hit => ({ rank, field, ranges: rangeOf(text, from, word.length) })

  if (name.text === word) return hit(0, 'name', name, 0)
  if (label.text === word) return hit(0, 'label', label, 0)
  if (cameraId.text === word) return hit(0, 'cameraId', cameraId, 0)
  if (name.text.startsWith(word)) return hit(1, 'name', name, 0)
  const ofInitials = initials.text.indexOf(word)
  // the letters under the initials can be marked only if there is one initial for each of them
  const initialsHit = (rank: number): Hit => ({
    rank,
    field: 'name',
    ranges: point.initials.length === point.name.length ? rangeOf(initials, ofInitials, word.length) : [],
  })
  if (initials.text === word || ofInitials === 0) return initialsHit(2)
  if (label.text.endsWith(word)) return hit(3, 'label', label, label.text.length - word.length)
  if (cameraId.text.endsWith(word)) return hit(3, 'cameraId', cameraId, cameraId.text.length - word.length)
  const ofName = name.text.indexOf(word)
  if (ofName >= 0) return hit(4, 'name', name, ofName)
  if (ofInitials > 0) return initialsHit(5)
  const ofLabel = label.text.indexOf(word)
  if (ofLabel >= 0) return hit(6, 'label', label, ofLabel)
  const ofId = cameraId.text.indexOf(word)
  if (ofId >= 0) return hit(7, 'cameraId', cameraId, ofId)
  const address = compact(point.address)
  const ofAddress = address.text.indexOf(word)
  return ofAddress >= 0 ? hit(8, 'address', address, ofAddress) : undefined
}

/** Lower case, without hyphens, dots and spaces. Full-width letters were made narrow in the query; here letter by letter, to keep positions. */
function compact(text: string): Compact {
  const known = compacts.get(text)
  if (known !== undefined) return known
  const letters: string[] = []
  const at: number[] = []
  for (let i = 0; i < text.length; i++) {
    const letter = text.charAt(i).normalize('NFKC').toLowerCase()
    if (letter.length !== 1 || /[\s\-–—·・.,，。_]/.test(letter)) continue
    letters.push(letter)
    at.push(i)
  }
  if (compacts.size >= compactsKept) compacts.clear()
  const made = { text: letters.join(''), at }
  compacts.set(text, made)
  return made
}

function rangeOf(text: Compact, from: number, length: number): TextRange[] {
  const first = text.at[from]
  const last = text.at[from + length - 1]
  return first === undefined || last === undefined ? [] : [[first, last + 1]]
}
