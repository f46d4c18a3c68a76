// SPDX-License-Identifier: GPL-2.0-or-later
#include "polls.hh"

#include "text.hh"
#include "trouble.hh"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <unistd.h>

#include "polls.skel.h"

namespace tool
{

namespace
{

constexpr const char *types = "/sys/kernel/btf/vmlinux";
/* The first warning of libbpf: what follows it is only that it gives up. */
std::string said;

int listen(libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && said.empty())
		said = vformat(format, args);
	return 0;
}

struct Destroy {
	void operator()(polls_bpf *programs) const
	{
		polls_bpf__destroy(programs);
	}
};

std::string why(int error)
{
	while (!said.empty() && said.back() == '\n')
		said.pop_back();
	return strerror(error) + (said.empty() ? "" : "; " + printable(said));
}

[[noreturn]] void refuse(int error)
{
	if (error == EPERM || error == EACCES)
		throw Trouble(format("BPF is not allowed (%s): it takes root, or CAP_BPF and "
				     "CAP_PERFMON",
				     strerror(error)));
	throw Trouble("the kernel does not take the BPF programs: " + why(error));
}

class BpfPolls : public PollMeter {
    public:
	BpfPolls()
	{
		libbpf_set_print(listen);
		if (access(types, R_OK))
			throw Trouble(format("%s: %s: this kernel does not tell its types to BPF",
					     types, strerror(errno)));
		if (const int error = load(true)) {
			lacks_ = "no times from interrupt to poll: this kernel does not let its "
				 "functions be traced: " +
				 why(error);
			if (const int again = load(false))
				refuse(again);
		}
		if (const int error = polls_bpf__attach(programs_.get()))
			refuse(-error);
	}
	void watch(uint32_t interface_index) override
	{
		const uint8_t yes = 1;

		bpf_map_update_elem(bpf_map__fd(programs_->maps.watched), &interface_index, &yes,
				    BPF_ANY);
	}
	Polls read() override
	{
		const int map = bpf_map__fd(programs_->maps.figures);
		polls_key key, *before = nullptr;
		Polls polls;

		/* What is added meanwhile may be missed, and a key be met twice: no more than fit. */
		for (uint32_t i = 0; i < bpf_map__max_entries(programs_->maps.figures) &&
				     !bpf_map_get_next_key(map, before, &key);
		     i++, before = &key) {
			polls_figures figures;
			if (!bpf_map_lookup_elem(map, &key, &figures))
				polls[{key.ifindex, key.napi}] = figures;
		}
		return polls;
	}
	[[nodiscard]] std::string lacks() const override
	{
		return lacks_;
	}

    private:
	/* Without @waits only sizes of batches. An errno, or 0. */
	int load(bool waits)
	{
		said.clear();
		programs_.reset(polls_bpf__open());
		if (!programs_)
			return errno;
		for (bpf_program *program :
		     {programs_->progs.asked_for, programs_->progs.asked_for_irqoff,
		      programs_->progs.poll_begins, programs_->progs.interrupt_begins,
		      programs_->progs.interrupt_ends})
			bpf_program__set_autoload(program, waits);
		return -polls_bpf__load(programs_.get());
	}

	std::unique_ptr<polls_bpf, Destroy> programs_;
	std::string lacks_;
};

} // namespace

std::unique_ptr<PollMeter> measure_polls()
{
	return std::make_unique<BpfPolls>();
}

} // namespace tool
