#include "common/web/page.h"

#include "common/core/ns.h"
#include "common/system/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static const char style[] =
    ":root{color-scheme:light dark;--fg:#1c1e21;--bg:#fff;--dim:#57606a;--line:#d8dee4;--good:#1a7f37;--bad:#b42318;"
    "--warn:#8a5300;--back:#6639ba;--card:#f6f8fa;--calm:#e9f7ee;--alarm:#fdecea}\n"
    "@media (prefers-color-scheme:dark){:root{--fg:#e6e8ea;--bg:#14171a;--dim:#a2abb3;--line:#363c43;--good:#4ac26b;"
    "--bad:#ff8178;--warn:#e2a83c;--back:#b392f0;--card:#1d2126;--calm:#16281d;--alarm:#331b1a}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:80rem;padding:1rem;font:16px/1.45 system-ui,sans-serif;color:var(--fg);"
    "background:var(--bg);overflow-wrap:break-word}\n"
    "header,footer{color:var(--dim)}\nh1{font-size:1.4rem;margin:0;color:var(--fg)}\n"
    "h2{font-size:1.1rem;margin:1.75rem 0 .5rem}\nfooter a{margin-right:1rem}\na{color:inherit}\n"
    ":target{background:var(--card);border-left:4px solid var(--dim);padding-left:.6rem}\n"
    "a:focus-visible{outline:2px solid;outline-offset:2px}\n"
    ".summary{margin:1rem 0;padding:.7rem 1rem;border-radius:.4rem;font-size:1.1rem;font-weight:600;"
    "background:var(--calm)}.summary.down{background:var(--alarm)}.summary.unknown{background:var(--card)}\n"
    ".spoken{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}\n"
    "table{border-collapse:collapse;width:100%;font-size:.94rem;font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;color:var(--dim);padding:.25rem 0}\n"
    "th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:middle}\n"
    "thead th{font-weight:600;color:var(--dim)}tbody th{font-weight:400}\n"
    ".group th{padding-top:1rem;font-weight:600}.group span{color:var(--dim);font-weight:400;margin-left:.5rem}\n"
    "td{overflow-wrap:break-word}\n"
    ".up{color:var(--good)}.down{color:var(--bad);font-weight:600}.lossy,.unknown{color:var(--warn);font-weight:600}\n"
    "article{background:var(--card);border-left:4px solid var(--bad);border-radius:.2rem;padding:.6rem .8rem;"
    "margin:.5rem 0}\narticle h3{font-size:1rem;margin:0}\narticle.ended{border-color:var(--line)}\narticle "
    "p{margin:.25rem 0}\n"
    "svg{display:block;width:11rem;height:1.5rem;background:var(--card)}\nsvg path{fill:none;stroke-width:2}\n"
    ".answered{stroke:var(--good)}.forward{stroke:var(--bad)}.return{stroke:var(--back)}.lost{stroke:var(--warn)}\n"
    ".key span{margin-right:1rem;white-space:nowrap}.key .answered{color:var(--good)}.key .forward{color:var(--bad)}"
    ".key .return{color:var(--back)}.key .lost{color:var(--warn)}\n"
    "@media (min-width:64rem){.short,tbody th{white-space:nowrap}}\n"
    "@media (max-width:48rem){thead{position:absolute;left:-99rem}tr,td,tbody th{display:block;border:0}"
    "tr{border-bottom:1px solid var(--line);padding:.5rem 0}.group th{padding:.5rem 0 0}tbody th{padding:0}"
    "td{padding:.1rem 0 .1rem 7.5rem;min-height:1.6rem}td::before{content:attr(data-label);float:left;"
    "margin-left:-7.5rem;max-width:7rem;color:var(--dim);font-weight:400}td:empty{display:none}.key "
    "span{display:block;white-space:normal}"
    "svg{width:100%}}\n";

/* Once at a time; a failure is shown, and the next attempt goes on. What somebody has selected to copy it stays until
 * it is not selected any more; the link that has the focus keeps it. What the summary says is spoken when it changes.
 * Times get the reader's own zone in their titles. */
static const char script[] =
    "'use strict';\n"
    "const find=(selector)=>document.querySelector(selector);\n"
    "function localTimes(){\n"
    "  for(const time of document.querySelectorAll('time'))\n"
    "    time.title+=' ('+new Date(time.dateTime).toLocaleString()+' here)';\n"
    "}\n"
    "function isSelecting(){\n"
    "  const selection=getSelection();\n"
    "  return !selection.isCollapsed&&find('main').contains(selection.anchorNode);\n"
    "}\n"
    "function show(page){\n"
    "  const old=find('main'),main=page.querySelector('main');\n"
    "  const focused=[...old.querySelectorAll('a')].indexOf(document.activeElement);\n"
    "  const said=old.querySelector('.summary'),now=main.querySelector('.summary');\n"
    "  old.replaceWith(main);\n"
    "  if(focused>=0)main.querySelectorAll('a')[focused]?.focus({preventScroll:true});\n"
    "  if(said&&now&&said.textContent!==now.textContent)find('#news').textContent=now.textContent;\n"
    "  document.title=page.title;\n"
    "  localTimes();\n"
    "}\n"
    "async function refresh(){\n"
    "  const state=find('#state');\n"
    "  try{\n"
    "    const reply=await fetch(location.href,{cache:'no-store'});\n"
    "    if(!reply.ok)throw new Error(reply.status);\n"
    "    const page=new DOMParser().parseFromString(await reply.text(),'text/html');\n"
    "    if(!isSelecting())show(page);\n"
    "    if(state.textContent)state.textContent='';\n"
    "  }catch(error){state.textContent='No answer: what is shown is old. ';}\n"
    "  setTimeout(refresh,document.hidden?15000:3000);\n"
    "}\n"
    "localTimes();\n"
    "setTimeout(refresh,3000);\n";

void page_answer_style(void *context, const struct web_request *request, struct web_reply *reply)
{
	(void)context;
	(void)request;
	reply->type = "text/css; charset=utf-8";
	document_put(&reply->body, style);
}

void page_answer_script(void *context, const struct web_request *request, struct web_reply *reply)
{
	(void)context;
	(void)request;
	reply->type = "text/javascript; charset=utf-8";
	document_put(&reply->body, script);
}

const char *page_time(int64_t realtime_ns, char text[PAGE_TIME_LEN])
{
	time_t seconds = (time_t)(realtime_ns / NS_PER_S);
	struct tm tm;

	if (realtime_ns <= 0 || !gmtime_r(&seconds, &tm) ||
	    strftime(text, PAGE_TIME_LEN, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(text, PAGE_TIME_LEN, "never");
	return text;
}

void page_age(struct document *d, int64_t realtime_ns)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = { { "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
	int64_t seconds = (clock_real_ns() - realtime_ns) / NS_PER_S;
	time_t at = (time_t)(realtime_ns / NS_PER_S);
	char time[PAGE_TIME_LEN], machine[PAGE_TIME_LEN];
	struct tm tm;
	size_t unit = 0;

	if (realtime_ns <= 0 || !gmtime_r(&at, &tm) ||
	    strftime(machine, sizeof machine, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
		document_put(d, "never");
		return;
	}
	seconds = seconds > 0 ? seconds : 0;
	while (units[unit].seconds > 1 && seconds < 2 * units[unit].seconds)
		unit++;
	document_format(d, "<time datetime=\"%s\" title=\"%s\">%" PRId64 " %s</time>", machine,
			page_time(realtime_ns, time), seconds / units[unit].seconds, units[unit].unit);
}

void page_begin(struct document *d, const char *program, const char *name, size_t alarms)
{
	char time[PAGE_TIME_LEN];

	document_put(d, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
			"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
			"<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>"
			"<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"" PAGE_STYLE_PATH "\">"
			"<script src=\"" PAGE_SCRIPT_PATH "\" defer></script><title>");
	if (alarms > 0)
		document_format(d, "(%zu) ", alarms);
	document_put_html(d, name);
	document_put(d, " - ");
	document_put(d, program);
	document_put(d, "</title></head>\n<body><div id=\"state\" role=\"status\"></div>"
			"<div id=\"news\" role=\"status\" class=\"spoken\"></div><main>\n<header><h1>");
	document_put_html(d, name);
	document_put(d, "</h1>");
	document_put(d, program);
	document_put(d, " " FLOATPROBE_VERSION ", ");
	document_put(d, page_time(clock_real_ns(), time));
	document_put(d, "</header>\n");
}

static void end(struct document *d)
{
	page_table_end(d);
	document_put(d, "</main>\n<footer><p><a href=\"" PAGE_CAUSES_PATH
			"\">causes</a> <a href=\"/metrics\">metrics</a></p></footer></body></html>\n");
}

bool page_write(const struct page *page, const void *context, struct web_draft *draft)
{
	if (draft->section > page->lists) {
		end(&draft->reply.body);
		return true;
	}
	if (draft->section == 0) {
		if (page->count && !page->count(context, draft))
			return false;
		draft->reply.type = WEB_HTML;
		page->begin(context, draft);
		draft->count = 0;
	} else if (!page->rows(context, draft)) {
		return false;
	}
	draft->section++;
	draft->item = 0;
	return false;
}

void page_heading(struct document *d, const char *text)
{
	document_put(d, "<h2>");
	document_put_html(d, text);
	document_put(d, "</h2>\n");
}

void page_table(struct document *d, const char *caption, const char *const *columns)
{
	document_put(d, "<table><caption>");
	document_put_html(d, caption);
	document_put(d, "</caption><thead><tr>");
	for (; *columns; columns++) {
		document_put(d, "<th scope=\"col\">");
		document_put_html(d, *columns);
		document_put(d, "</th>");
	}
	document_put(d, "</tr></thead><tbody>\n");
}

void page_table_end(struct document *d)
{
	document_put(d, "</tbody></table>\n");
}

void page_cell(struct document *d, const char *label, const char *text)
{
	document_put(d, "<td data-label=\"");
	document_put_html(d, label);
	document_put(d, "\">");
	document_put_html(d, text);
	document_put(d, "</td>");
}

void page_row_head(struct document *d, const char *text)
{
	document_put(d, "<th scope=\"row\">");
	document_put_html(d, text);
	document_put(d, "</th>");
}
