/** A progress bar on a terminal; prints nothing elsewhere. */
export function bar(total, what, stream = process.stderr) {
  const start = Date.now()
  let done = 0
  const draw = () => {
    const width = 30
    const filled = Math.round((done / total) * width)
    const left = done === 0 ? '' : ` ${Math.round((((Date.now() - start) / done) * (total - done)) / 1_000)} s left`
    stream.write(`\r${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${done}/${total} ${what}${left}   `)
  }
  return {
    tick(count = 1) {
      done += count
      if (stream.isTTY) draw()
    },
    end() {
      if (stream.isTTY) stream.write('\n')
    },
  }
}
