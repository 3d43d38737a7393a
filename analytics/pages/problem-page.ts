import { type Html, html } from './html.ts'
import { layout } from './layout.ts'

/** A page for whatever went wrong, told to a person. */
export function problemPage(problem: {
  status: number
  title: string
  detail: string
  remedy?: string
}): Html {
  return layout({
    title: problem.title,
    description: problem.title,
    main: html`<div class="problem">
<p class="status">${problem.status}</p>
<h1>${problem.title}</h1>
<p class="lead">${problem.detail}</p>
${problem.remedy === undefined ? undefined : html`<p>${problem.remedy}</p>`}
<p><a href="/">Back to the top sites</a></p>
</div>`,
  })
}
