/** Texts of files that leave the screen. */
export const zh = {
  notSaved: '没有保存（须先记入审计日志）：{why}',
}
