#include "client/run_reload.h"

#include "common/config/tree.h"
#include "common/system/log.h"

enum { STACK_LEN = 1 << 20 }; /* the address space may be limited */

/* In the thread. */
static void read_file(void *context)
{
	struct run_reload *r = context;

	r->config = config_load(r->file, &r->diags);
	uv_async_send(&r->done);
}

static void join(struct run_reload *r)
{
	if (r->reading)
		uv_thread_join(&r->thread);
	r->reading = false;
}

static void read_is_over(uv_async_t *async)
{
	struct run_reload *r = async->data;

	join(r);
	r->was_read(r->context);
}

void run_reload_init(struct run_reload *r, uv_loop_t *loop)
{
	uv_async_init(loop, &r->done, read_is_over); /* the loop has its descriptor already */
	r->done.data = r;
}

bool run_reload_is_possible(const struct run_reload *r)
{
	return tree_can_be_read_again(r->file);
}

/* Returns NULL, or why it does not read. */
static const char *start_to_read(struct run_reload *r)
{
	const uv_thread_options_t options = { .flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = STACK_LEN };

	if (!run_reload_is_possible(r))
		return "the configuration came through a pipe and cannot be read again";
	r->reading = uv_thread_create_ex(&r->thread, &options, read_file, r) == 0;
	return r->reading ? NULL : "out of memory, or of threads";
}

bool run_reload_begin(struct run_reload *r)
{
	r->again = r->under_way;
	if (r->again)
		return false;
	r->under_way = true;
	r->config = NULL;
	r->diags = (struct diag_list){ 0 };
	r->failure = start_to_read(r);
	if (r->failure)
		uv_async_send(&r->done);
	return true;
}

/* NULL: it may be used. */
static const char *refusal(const struct run_reload *r)
{
	const char *unknown = config_select(r->config, r->targets, r->targets_len);

	if (unknown)
		log_warning("there is no target '%s' in %s any more", unknown, r->file);
	if (config_forbidden(r->config))
		return "the fwmark of a target needs CAP_NET_ADMIN, which only a start as root with a fwmark keeps "
		       "(restart)";
	return NULL;
}

const char *run_reload_take(struct run_reload *r, struct config **config)
{
	bool no_memory = r->diags.no_memory;
	const char *error;

	diag_log(&r->diags);
	diag_free(&r->diags);
	*config = NULL;
	if (r->failure)
		return r->failure;
	if (!r->config)
		return no_memory ? "out of memory" : "the configuration has errors";
	error = refusal(r);
	if (error)
		config_free(r->config);
	else
		*config = r->config;
	r->config = NULL;
	return error;
}

bool run_reload_end(struct run_reload *r)
{
	bool again = r->again;

	r->under_way = r->again = false;
	return again;
}

void run_reload_stop(struct run_reload *r)
{
	join(r);
	diag_free(&r->diags);
	config_free(r->config);
	r->config = NULL;
}
