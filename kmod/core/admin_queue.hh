/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The admin queue pair of the adapter family: one command at a time, its
 * completion checked before it is believed. Knows nothing of Ethernet.
 */
#ifndef OPENENA_CORE_ADMIN_QUEUE_HH
#define OPENENA_CORE_ADMIN_QUEUE_HH

#include <bit>
#include <cstdint>
#include <type_traits>

#include "../../abi/ena_admin.h"
#include "facts.hh"
#include "memory.hh"
#include "registers.hh"
#include "result.hh"

namespace oe
{

/* Under the stock driver's names. */
struct AdminCounters {
	uint64_t aborted_cmd; /* refused because the queue was not running */
	uint64_t submitted_cmd;
	uint64_t completed_cmd;
	uint64_t no_completion; /* no interrupt in time */
};

/* A command as it goes on the wire. */
template <class T>
concept AdminCommand = sizeof(T) == ENA_ADMIN_ENTRY_SIZE && std::is_trivially_copyable_v<T>;

/* Process context, except where said. */
class AdminQueue {
    public:
	[[nodiscard]] Status init(Registers &registers);
	/* After a reset: tell the device where the rings are. Polls from here on. */
	void start(uint32_t timeout_ms);
	/* All further commands are refused until start(). */
	void stop();
	/* Completions are announced by interrupt, or not any more. */
	void use_interrupts(bool on);
	/* From the interrupt handler. Any context. */
	void interrupt() const
	{
		oek_wake_admin(registers_->kernel());
	}
	/* A command got no believable answer: only a reset helps. Any context. */
	[[nodiscard]] bool dead() const;
	/* Any context. */
	void set_timeout_ms(uint32_t ms);
	[[nodiscard]] oe_kernel *kernel() const
	{
		return registers_->kernel();
	}
	void describe(Facts &facts) const;
	[[nodiscard]] const AdminCounters &counters() const
	{
		return counters_;
	}

	/*
	 * Carry out a command; the queue sets its id and phase. The device's
	 * refusals come as errno values.
	 */
	template <AdminCommand Command>
	[[nodiscard]] Result<ena_acq_entry> execute(const Command &command)
	{
		return execute_entry(std::bit_cast<ena_aq_entry>(command));
	}

    private:
	enum class State : uint8_t { stopped, running, dead };

	[[nodiscard]] Result<ena_acq_entry> execute_entry(const ena_aq_entry &command);
	[[nodiscard]] Result<ena_acq_entry> carry_out(const ena_aq_entry &command);
	void submit(ena_aq_entry command);
	[[nodiscard]] bool wait_for_completion();
	void note_lost_interrupt();
	[[nodiscard]] Result<ena_acq_entry> take_completion();
	[[nodiscard]] bool completion_visible() const;
	[[nodiscard]] uint16_t command_id() const;
	[[nodiscard]] uint8_t phase() const;

	Registers *registers_ = nullptr;
	DmaBuffer submissions_;
	DmaBuffer completions_;
	/* Both rings move together, as one command is in flight at a time. */
	uint16_t sequence_ = 0;
	State state_ = State::stopped;
	bool interrupts_ = false;
	uint32_t timeout_ms_ = 0;
	AdminCounters counters_ = {};
};

} // namespace oe

#endif
