/** Texts of cameras in lists. */
export const zh = {
  lastedLine: '{status} {duration}',
  allWell: '全部正常',
  allWellDetail: '{count} 路 · 上次异常 {age}',
  allWellNever: '{count} 路 · 尚无异常记录',
  chooser: {
    label: '选点位',
    placeholder: '名称、编号、地址或拼音首字母',
    none: '没有匹配「{text}」· 试试编号后四位或拼音首字母',
    chosen: '已选',
    full: '已满 {count} 路，先移除一路',
  },
}
