/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The admin queue pair: commands in, completions out, whatever they mean. */
#ifndef ENA_CORE_ADMIN_QUEUE_HH
#define ENA_CORE_ADMIN_QUEUE_HH

#include "ring.hh"

#include "abi/ena_regs.h"

namespace ena
{

/* Base address and caps registers of one ring, until the caps activate it. */
class RingRegisters {
    public:
	void set_base_lo(uint32_t value)
	{
		base_ = (base_ & ~uint64_t{0xffffffff}) | value;
	}
	void set_base_hi(uint32_t value)
	{
		base_ = (base_ & 0xffffffff) | uint64_t{value} << 32;
	}
	/*
	 * False, and a note: @caps describe no ring of admin entries. Zero is how
	 * iPXE takes a ring away: it gives a ring without entries.
	 */
	[[nodiscard]] bool activate(Host &host, const char *name, uint32_t caps, Ring &ring) const;
	/* Fields of the section under way. */
	void snapshot(Snapshot &s)
	{
		s.value("base registers", base_);
	}

    private:
	uint64_t base_ = 0;
};

class AdminQueue {
    public:
	/* True: the register was one of this class. */
	[[nodiscard]] bool write(Host &host, uint32_t reg, uint32_t value);
	/*
	 * The next command, copied. False: none, or the queue has failed. Each
	 * command is to be answered by complete() before the next is taken.
	 */
	[[nodiscard]] bool next(Host &host, ena_aq_entry &command);
	/* Fills id, head and phase; the caller has set status and payload. */
	void complete(Host &host, const ena_aq_entry &command, ena_acq_entry &completion);

	/* The driver has set it up. */
	[[nodiscard]] bool active() const
	{
		return commands_.depth() && completions_.ring().depth();
	}
	[[nodiscard]] bool pending() const
	{
		return active() && !failed_ && head_ != tail_;
	}
	/* The guest broke the protocol, or DMA failed: no command until reset. */
	[[nodiscard]] bool failed() const
	{
		return failed_;
	}
	[[nodiscard]] uint16_t completion_tail() const
	{
		return completions_.tail();
	}
	[[nodiscard]] const Ring &commands() const
	{
		return commands_;
	}
	[[nodiscard]] const CompletionRing &completions() const
	{
		return completions_;
	}
	[[nodiscard]] uint16_t head() const
	{
		return head_;
	}
	[[nodiscard]] uint16_t tail() const
	{
		return tail_;
	}
	void snapshot(Snapshot &s);

    private:
	void ring_doorbell(Host &host, uint32_t value);

	RingRegisters command_registers_;
	RingRegisters completion_registers_;
	Ring commands_;
	CompletionRing completions_;
	uint16_t head_ = 0;
	uint16_t tail_ = 0;
	bool failed_ = false;
};

} // namespace ena

#endif
