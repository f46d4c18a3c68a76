/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin_queue.hh"

#include "barriers.hh"
#include "text.hh"

namespace oe
{

namespace
{

constexpr uint16_t admin_depth = 32;
constexpr uint32_t first_poll_us = 10;
constexpr uint32_t last_poll_us = 5000;

Errno errno_of_status(uint8_t status)
{
	switch (status) {
	case ENA_ADMIN_SUCCESS:
		return Errno::none;
	case ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE:
		return Errno::no_memory;
	case ENA_ADMIN_UNSUPPORTED_OPCODE:
		return Errno::not_supported;
	case ENA_ADMIN_RESOURCE_BUSY:
		return Errno::again;
	default:
		return Errno::invalid;
	}
}

constexpr uint32_t admin_ring_caps()
{
	return ena::field_put(ENA_RING_CAPS_DEPTH, admin_depth) |
	       ena::field_put(ENA_RING_CAPS_ENTRY_SIZE, ENA_ADMIN_ENTRY_SIZE);
}

} // namespace

Status AdminQueue::init(Registers &registers)
{
	registers_ = &registers;
	oe_kernel *kernel = registers.kernel();
	if (Status status = submissions_.allocate(kernel, admin_depth * sizeof(ena_aq_entry));
	    !status)
		return status;
	return completions_.allocate(kernel, admin_depth * sizeof(ena_acq_entry));
}

void AdminQueue::start(uint32_t timeout_ms)
{
	LockGuard guard(registers_->kernel(), OE_LOCK_ADMIN);

	submissions_.clear();
	completions_.clear();
	sequence_ = 0;
	interrupts_ = false;
	set_timeout_ms(timeout_ms);
	registers_->write_address(ENA_REG_AQ_BASE_LO, ENA_REG_AQ_BASE_HI, submissions_.bus());
	registers_->write_address(ENA_REG_ACQ_BASE_LO, ENA_REG_ACQ_BASE_HI, completions_.bus());
	registers_->write(ENA_REG_AQ_CAPS, admin_ring_caps());
	registers_->write(ENA_REG_ACQ_CAPS, admin_ring_caps());
	store_relaxed(state_, State::running);
}

void AdminQueue::stop()
{
	LockGuard guard(registers_->kernel(), OE_LOCK_ADMIN);

	store_relaxed(state_, State::stopped);
}

void AdminQueue::use_interrupts(bool on)
{
	LockGuard guard(registers_->kernel(), OE_LOCK_ADMIN);

	interrupts_ = on;
}

bool AdminQueue::dead() const
{
	return load_relaxed(state_) == State::dead;
}

void AdminQueue::set_timeout_ms(uint32_t ms)
{
	store_relaxed(timeout_ms_, ms);
}

/* The low bits name the slot, the others tell its laps apart. */
uint16_t AdminQueue::command_id() const
{
	return sequence_ & ENA_AQ_COMMAND_ID;
}

uint8_t AdminQueue::phase() const
{
	return (sequence_ / admin_depth) % 2 == 0 ? 1 : 0;
}

Result<ena_acq_entry> AdminQueue::execute_entry(const ena_aq_entry &command)
{
	uint64_t begin = oek_now_ns();
	Result<ena_acq_entry> answer = carry_out(command);
	bool of_feature = command.common.opcode == ENA_ADMIN_GET_FEATURE ||
			  command.common.opcode == ENA_ADMIN_SET_FEATURE;
	oe_admin_record record = {
		.opcode = command.common.opcode,
		.feature = of_feature
				   ? std::bit_cast<ena_get_feature_cmd>(command).feature.feature_id
				   : uint8_t{0},
		.err = Status(answer.error()).to_kernel(),
		.duration_ns = oek_now_ns() - begin};

	oek_admin_done(registers_->kernel(), &record);
	return answer;
}

Result<ena_acq_entry> AdminQueue::carry_out(const ena_aq_entry &command)
{
	LockGuard guard(registers_->kernel(), OE_LOCK_ADMIN);

	if (state_ != State::running) {
		counters_.aborted_cmd++;
		return Errno::no_device;
	}
	submit(command);
	if (!wait_for_completion()) {
		store_relaxed(state_, State::dead);
		log(registers_->kernel(), OE_LOG_ERROR,
		    LogLine() << "admin command " << command.common.opcode
			      << " got no completion within " << load_relaxed(timeout_ms_)
			      << " ms");
		return Errno::timed_out;
	}
	return take_completion();
}

void AdminQueue::submit(ena_aq_entry command)
{
	command.common.command_id.set(command_id());
	command.common.flags =
		static_cast<uint8_t>((command.common.flags & ~ENA_AQ_PHASE) | phase());
	submissions_.as<ena_aq_entry>()[sequence_ % admin_depth] = command;
	counters_.submitted_cmd++;
	/* oek_writel orders the entry before the doorbell. */
	registers_->write(ENA_REG_AQ_DB, static_cast<uint16_t>(sequence_ + 1));
}

bool AdminQueue::completion_visible() const
{
	const ena_acq_entry &entry = completions_.as<ena_acq_entry>()[sequence_ % admin_depth];

	return (load_once(entry.common.flags) & ENA_ACQ_PHASE) == phase();
}

bool AdminQueue::wait_for_completion()
{
	uint64_t deadline = oek_now_ns() + load_relaxed(timeout_ms_) * 1'000'000ull;
	uint32_t sleep_us = first_poll_us;

	for (;;) {
		/* The clock before the ring: what is seen after the deadline came without interrupt. */
		uint64_t now = oek_now_ns();
		bool late = now >= deadline;

		if (completion_visible()) {
			if (late)
				note_lost_interrupt();
			return true;
		}
		if (late) {
			counters_.no_completion++;
			return false;
		}
		if (interrupts_) {
			oek_wait_admin(registers_->kernel(),
				       static_cast<uint32_t>((deadline - now) / 1000 + 1));
			continue;
		}
		oek_sleep_us(sleep_us);
		if (sleep_us < last_poll_us)
			sleep_us *= 2;
	}
}

void AdminQueue::note_lost_interrupt()
{
	if (!interrupts_)
		return;
	counters_.no_completion++;
	interrupts_ = false;
	oek_log(registers_->kernel(), OE_LOG_WARNING,
		"an admin command completed without its interrupt: polling from now on");
}

Result<ena_acq_entry> AdminQueue::take_completion()
{
	/* The phase bit has been seen: the rest of the entry is read after it. */
	dma_rmb();

	ena_acq_entry entry = completions_.as<ena_acq_entry>()[sequence_ % admin_depth];
	uint32_t id = entry.common.command_id.get() & ENA_AQ_COMMAND_ID;

	if (id != command_id()) {
		store_relaxed(state_, State::dead);
		log(registers_->kernel(), OE_LOG_ERROR,
		    LogLine() << "admin completion of command " << id << ", but command "
			      << command_id() << " is in flight");
		return Errno::io;
	}
	sequence_++;
	counters_.completed_cmd++;
	if (Errno error = errno_of_status(entry.common.status); error != Errno::none)
		return error;
	return entry;
}

void AdminQueue::describe(Facts &facts) const
{
	State state = load_relaxed(state_);

	facts.add("running", state == State::running);
	facts.add("dead", state == State::dead);
	facts.add("by_interrupt", interrupts_);
	facts.add("timeout_ms", load_relaxed(timeout_ms_));
	facts.add("submitted", counters_.submitted_cmd);
	facts.add("completed", counters_.completed_cmd);
	facts.add("refused", counters_.aborted_cmd);
	facts.add("no_interrupt", counters_.no_completion);
}

} // namespace oe
