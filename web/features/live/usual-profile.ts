/** Which stream a picture begins with. */
import type { Profile } from '../../../server/contract/ids.ts'
import { useLayout } from '../../base/layout.ts'

/** A phone's screen shows no more than the sub stream holds. */
export function usualProfile(): Profile {
  return useLayout().value === 'phone' ? 'sub' : 'main'
}
