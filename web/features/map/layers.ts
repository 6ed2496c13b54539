/** What the map shows beside the cameras, as this account likes it: kept on this screen and for the account. */
import { computed, type ComputedRef, type MaybeRefOrGetter, type Ref, toValue } from 'vue'
import type { BaseMap, MapConfig } from '../../../server/contract/map.ts'
import { useLayout } from '../../base/layout.ts'
import { usePreference } from '../../base/preference.ts'
import { type CoordinateSystem, coordinateSystems } from './coordinates.ts'
import type { RatePeriod } from './online-rates.ts'
import type { MapQuery } from './query.ts'

type Choice<T> = { readonly value: Ref<T>; set(value: T): void }

const isBoolean = (value: unknown) => typeof value === 'boolean'
const periods: readonly unknown[] = ['off', 'today', 'week', 'month'] satisfies RatePeriod[]

/** No base map has no name: the grid. */
export const nameOfBase = (base: BaseMap): string => (base.kind === 'none' ? 'none' : base.name)

export function useLayers({
  config,
  view,
  change,
}: {
  config: MaybeRefOrGetter<MapConfig | null>
  view: MaybeRefOrGetter<MapQuery>
  change(changes: Partial<MapQuery>): void
}): {
  sectors: Choice<boolean>
  legend: Choice<boolean>
  jurisdictions: Choice<boolean>
  system: Choice<CoordinateSystem>
  period: Choice<RatePeriod>
  bases: ComputedRef<readonly BaseMap[]>
  /** The one shown now. */
  baseName: ComputedRef<string>
  /** With the base map that is chosen. */
  chosenConfig: ComputedRef<MapConfig | null>
  chooseBase(name: string): void
} {
  const layout = useLayout()
  const sectors = usePreference<boolean>('sectors', () => false, isBoolean)
  const legend = usePreference<boolean>('legend', () => layout.value === 'full', isBoolean)
  const jurisdictions = usePreference<boolean>('jurisdictions', () => true, isBoolean)
  const system = usePreference<CoordinateSystem>(
    'coordinates',
    () => 'wgs84',
    (value) => coordinateSystems.some((each) => each === value),
  )
  const period = usePreference<RatePeriod>(
    'ratePeriod',
    () => 'off',
    (value) => periods.includes(value),
  )
  const usualBase = usePreference<string>(
    'baseMap',
    () => '',
    (value) => typeof value === 'string',
  )

  const bases = computed<readonly BaseMap[]>(() => {
    const known = toValue(config)
    return known === null ? [] : [known.baseMap, ...known.otherBaseMaps]
  })
  /** An address is asked first, then the account's choice; what is not there any more is passed over. */
  const base = computed(
    () => [toValue(view).baseMap, usualBase.value.value].map((name) => bases.value.find((each) => nameOfBase(each) === name)).find(Boolean) ?? bases.value[0],
  )
  const chosenConfig = computed<MapConfig | null>((before) => {
    const known = toValue(config)
    if (known === null || base.value === undefined) return null
    const next = { ...known, baseMap: base.value }
    return before && JSON.stringify(before) === JSON.stringify(next) ? before : next
  })

  function chooseBase(name: string): void {
    usualBase.set(name)
    if (toValue(view).baseMap !== null) change({ baseMap: null })
  }

  return {
    sectors,
    legend,
    jurisdictions,
    system,
    period,
    bases,
    baseName: computed(() => (base.value ? nameOfBase(base.value) : '')),
    chosenConfig,
    chooseBase,
  }
}
