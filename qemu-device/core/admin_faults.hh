/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Admin commands in the hands of a broken adapter. */
#ifndef ENA_CORE_ADMIN_FAULTS_HH
#define ENA_CORE_ADMIN_FAULTS_HH

#include "snapshot.hh"

namespace ena
{

inline constexpr uint64_t admin_faults = bit(Fault::admin_lost) | bit(Fault::admin_delayed) |
					 bit(Fault::admin_refused);

class AdminFaults {
    public:
	enum class Verdict : uint8_t {
		execute,
		answer, /* the completion has been filled: do not execute */
		lose, /* neither execute nor answer */
		wait, /* kept here, to be had from resume() later */
	};

	explicit AdminFaults(Host &host) : host_(host)
	{
	}

	[[nodiscard]] Verdict judge(const ena_aq_entry &command, ena_acq_entry &completion);
	/* A command waits: no other is to be taken until it has been answered. */
	[[nodiscard]] bool waiting() const
	{
		return due_ns_ != no_deadline;
	}
	/* The command that has waited long enough, which is then to be executed. */
	[[nodiscard]] bool resume(uint64_t now_ns, ena_aq_entry &command);
	[[nodiscard]] uint64_t deadline() const
	{
		return due_ns_;
	}
	/* What waits is due now. */
	void hurry()
	{
		due_ns_ = waiting() ? 0 : no_deadline;
	}
	/* Faults stay where they were set; a command that one holds up travels, and is due. */
	void snapshot(Snapshot &s);
	/* What waits is forgotten. */
	void reset()
	{
		due_ns_ = no_deadline;
	}

    private:
	Host &host_;
	ena_aq_entry command_{};
	uint64_t due_ns_ = no_deadline;
};

} // namespace ena

#endif
