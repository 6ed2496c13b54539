/** Where this screen goes when nothing else is asked for: after login, and after a power cut (a kiosk starts at `/`). */
import { usePreference } from '../../base/preference.ts'

const landings = ['map', 'duty', 'wall'] as const
export type Landing = (typeof landings)[number]

const kept = usePreference<Landing>(
  'landing',
  () => 'map',
  (value) => landings.some((landing) => landing === value),
)

export function useLanding() {
  return { landing: kept.value, setLanding: kept.set }
}
