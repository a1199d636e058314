#include "common/web/page.h"

#include "common/core/ns.h"
#include "common/system/clock.h"

#include <stdio.h>
#include <time.h>

static const char style[] =
    ":root{color-scheme:light dark;--fg:#1c1e21;--bg:#fff;--dim:#57606a;--line:#d8dee4;--good:#1a7f37;--bad:#b42318;"
    "--warn:#8a5300;--back:#6639ba;--card:#f6f8fa}\n"
    "@media (prefers-color-scheme:dark){:root{--fg:#e6e8ea;--bg:#14171a;--dim:#a2abb3;--line:#363c43;--good:#4ac26b;"
    "--bad:#ff8178;--warn:#e2a83c;--back:#b392f0;--card:#1d2126}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:80rem;padding:1rem;font:16px/1.45 system-ui,sans-serif;color:var(--fg);"
    "background:var(--bg)}\n"
    "header,footer{color:var(--dim)}\nh1{font-size:1.4rem;margin:0;color:var(--fg)}\n"
    "h2{font-size:1.1rem;margin:1.5rem 0 .5rem}\na{color:inherit}\n"
    "table{border-collapse:collapse;width:100%}\ncaption{text-align:left;color:var(--dim);padding:.25rem 0}\n"
    "th,td{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:middle}\n"
    "th{font-weight:600;color:var(--dim)}\ntd{overflow-wrap:break-word}\n"
    ".up{color:var(--good)}.down{color:var(--bad);font-weight:600}.lossy,.unknown{color:var(--warn);font-weight:600}\n"
    "article{background:var(--card);border-left:4px solid var(--bad);padding:.6rem .8rem;margin:.5rem 0}\n"
    "article p{margin:.25rem 0}\n"
    "svg{display:block;width:12rem;height:1.75rem;background:var(--card)}\nsvg path{fill:none;stroke-width:2}\n"
    ".answered{stroke:var(--good)}.forward{stroke:var(--bad)}.return{stroke:var(--back)}.lost{stroke:var(--warn)}\n"
    ".key span{margin-right:1rem}.key .answered{color:var(--good)}.key .forward{color:var(--bad)}"
    ".key .return{color:var(--back)}.key .lost{color:var(--warn)}\n"
    "@media (max-width:48rem){thead{position:absolute;left:-99rem}tr,td{display:block;border:0}"
    "tr{border-bottom:1px solid var(--line);padding:.5rem 0}"
    "td{display:grid;grid-template-columns:7rem 1fr;padding:.1rem 0}td::before{content:attr(data-label);"
    "color:var(--dim)}svg{width:100%}}\n";

/* Once at a time; a failure is shown, and the next attempt goes on. */
static const char script[] = "'use strict';\n"
			     "async function refresh(){\n"
			     "  const state=document.getElementById('state');\n"
			     "  try{\n"
			     "    const reply=await fetch(location.href,{cache:'no-store'});\n"
			     "    if(!reply.ok)throw new Error(reply.status);\n"
			     "    const page=new DOMParser().parseFromString(await reply.text(),'text/html');\n"
			     "    document.querySelector('main').replaceWith(page.querySelector('main'));\n"
			     "    document.title=page.title;\n"
			     "    state.textContent='';\n"
			     "  }catch(error){state.textContent='No answer: what is shown is old. ';}\n"
			     "  setTimeout(refresh,document.hidden?15000:3000);\n"
			     "}\n"
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

void page_begin(struct document *d, const char *program, const char *name)
{
	char time[PAGE_TIME_LEN];

	document_put(d, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
			"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
			"<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>"
			"<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"" PAGE_STYLE_PATH "\">"
			"<script src=\"" PAGE_SCRIPT_PATH "\" defer></script><title>");
	document_put_html(d, name);
	document_put(d, " - ");
	document_put(d, program);
	document_put(d, "</title></head>\n<body><div id=\"state\" role=\"status\"></div><main>\n<header><h1>");
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
		draft->reply.type = WEB_HTML;
		page->begin(context, &draft->reply.body);
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
