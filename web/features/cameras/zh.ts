/** Texts of cameras in lists. */
export const zh = {
  lastedLine: '{status} {duration}',
  allWell: '全部正常',
  allWellDetail: '{count} 路 · 上次异常 {age}',
  allWellNever: '{count} 路 · 尚无异常记录',
}
