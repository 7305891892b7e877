/** Draws horizontal bars of CPU per command, one group per row. Each row has its own scale, because rows differ by factors of thousands. */
const COLOURS = {
  respire: '#0b7a75',
  'respire-loop': '#58a8a3',
  'respire-single': '#58a8a3',
  ioredis: '#b0b7bf',
  'ioredis-auto': '#8d99a6',
  'node-redis': '#6b7785',
  bare: '#e0b84c',
}

const escaped = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export function plot({ rows, names, clients, titles, results, title = 'Client CPU per command, µs (less is better)' }) {
  const height = 16
  const left = 200
  const width = 860
  let y = 54
  const parts = []
  for (const row of rows) {
    const shown = clients.filter(name => results[row][name] !== undefined)
    const most = Math.max(...shown.map(name => results[row][name].cpu))
    parts.push(`<text x="20" y="${y}" class="row">${escaped(names[row])}</text>`)
    y += 8
    for (const name of shown) {
      const { cpu } = results[row][name]
      const length = Math.max(1, ((width - left - 90) * cpu) / most)
      parts.push(
        `<text x="${left - 8}" y="${y + 12}" class="client">${escaped(titles[name])}</text>`,
        `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${height - 3}" fill="${COLOURS[name] ?? '#999'}"/>`,
        `<text x="${(left + length + 6).toFixed(1)}" y="${y + 11}" class="figure">${cpu < 10 ? cpu.toFixed(2) : cpu.toFixed(0)}</text>`,
      )
      y += height
    }
    y += 26
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" font-family="system-ui, sans-serif">
<title>${escaped(title)}</title>
<style>.title{font-size:16px;font-weight:600}.row{font-size:13px;font-weight:600}.client{font-size:11px;text-anchor:end;fill:#444}.figure{font-size:11px;fill:#444}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="20" y="26" class="title">${escaped(title)}</text>
${parts.join('\n')}
</svg>
`
}
