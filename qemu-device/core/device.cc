// SPDX-License-Identifier: GPL-2.0-or-later
#include "device.hh"

#include "strict.hh"

namespace ena
{

namespace
{
constexpr unsigned int admin_budget = 32; /* commands of one poll */
constexpr uint32_t version = field_put(ENA_VERSION_MAJOR, 0) | field_put(ENA_VERSION_MINOR, 10);
constexpr uint32_t controller_version = field_put(ENA_CONTROLLER_IMPL_ID, 1) |
					field_put(ENA_CONTROLLER_SUBMINOR, 1);
/* Reset within 3 s, 48 bits of DMA, admin timeout left to the driver. */
constexpr uint32_t caps = ENA_CAPS_CONTIGUOUS_QUEUE | field_put(ENA_CAPS_RESET_TIMEOUT, 30) |
			  field_put(ENA_CAPS_DMA_WIDTH, 48);
} // namespace

Device::Device(const ena_config &config, const ena_host_ops &ops, void *host)
    : config_(config), faults_(config.fault_seed), host_(ops, host, faults_),
      interrupts_(host_, config.moderation_resolution_us),
      events_(host_, interrupts_, statistics_, config), llq_(host_, config_),
      queues_(host_, config_, llq_, events_), rss_(host_, queues_), phc_(host_, config_),
      timestamps_(host_), steering_(host_, config_, queues_), fragments_(host_, config_),
      address_(config_), vfs_(host_, config_),
      features_(host_, config_, rss_, events_, llq_, phc_, timestamps_, steering_, fragments_,
		address_, vfs_),
      metrics_(host_, config_, statistics_, share_),
      commands_(host_, queues_, features_, metrics_, vfs_),
      tx_(host_, config_, llq_, queues_, interrupts_, events_, statistics_, share_, tx_rate_,
	  timestamps_, fragments_),
      rx_(host_, config_, queues_, rss_, steering_, features_, interrupts_, statistics_, share_,
	  timestamps_),
      admin_faults_(host_), tx_wire_(host_, tx_wire_kinds, pass_tx, this),
      rx_wire_(host_, rx_wire_kinds, pass_rx, this)
{
}

uint32_t Device::read_plain(uint32_t offset)
{
	return host_.struck_by(Fault::register_lost, offset) ? ENA_REG_READ_TIMEOUT : read(offset);
}

uint32_t Device::read(uint32_t offset)
{
	if (host_.struck_by(Fault::register_ones, offset))
		return ENA_REG_READ_TIMEOUT;
	switch (offset) {
	case ENA_REG_VERSION:
		return version;
	case ENA_REG_CONTROLLER_VERSION:
		return controller_version;
	case ENA_REG_CAPS:
		return caps;
	case ENA_REG_ACQ_TAIL:
		return admin_.completion_tail();
	case ENA_REG_AENQ_TAIL:
		return events_.tail();
	case ENA_REG_INTR_MASK:
		return interrupts_.mask();
	case ENA_REG_DEV_STS:
		return reset_.status();
	case ENA_REG_MMIO_RESP_LO:
		return static_cast<uint32_t>(readless_.answer_address());
	case ENA_REG_MMIO_RESP_HI:
		return static_cast<uint32_t>(readless_.answer_address() >> 32);
	default:
		return 0;
	}
}

void Device::write(uint32_t offset, uint32_t value)
{
	/* These work during a reset too. */
	if (readless_.write(offset, value)) {
		new_driver_ = !reset_.in_reset();
		return;
	}
	if (offset == ENA_REG_MMIO_REG_READ) {
		const uint32_t reg = field_get(ENA_MMIO_READ_OFFSET, value);
		readless_.answer(host_, value, reg % 4 ? ENA_REG_READ_TIMEOUT : read(reg));
		return;
	}
	if (offset == ENA_REG_DEV_CTL) {
		write_control(value);
		return;
	}
	if (reset_.in_reset()) {
		host_.complain("write of 0x%x to register 0x%x during reset (clear DEV_CTL first)",
			       value, offset);
		return;
	}
	if (offset >= queue_registers && offset < queue_registers_end)
		write_queue(offset, value);
	else if (!write_control_path(offset, value))
		host_.complain("write of 0x%x to 0x%x, which is no register to be written", value,
			       offset);
	rearm_timer();
}

bool Device::write_control_path(uint32_t offset, uint32_t value)
{
	switch (offset) {
	case ENA_REG_INTR_MASK:
		interrupts_.write_mask(value);
		return true;
	case ENA_REG_RSS_IND_ENTRY_UPDATE:
		rss_.update_entry(value & 0xffff, static_cast<uint16_t>(value >> 16));
		return true;
	case ENA_REG_PHC_DB:
		phc_.request(value);
		return true;
	default:
		break;
	}
	if (events_.write(offset, value))
		return true;
	if (!admin_.write(host_, offset, value))
		return false;
	check_admin();
	if (admin_.pending())
		schedule();
	return true;
}

void Device::write_control(uint32_t value)
{
	constexpr uint32_t unsupported = ENA_DEV_CTL_AQ_RESTART | ENA_DEV_CTL_QUIESCENT |
					 ENA_DEV_CTL_IO_RESUME;

	if (value & unsupported)
		host_.complain("DEV_CTL 0x%x: only RESET (0x%x) is supported", value,
			       ENA_DEV_CTL_RESET);
	switch (reset_.write(value)) {
	case ResetControl::Step::begin:
		begin_reset(value);
		break;
	case ResetControl::Step::finish:
		new_driver_ = false;
		host_.tell(Happening(ENA_HISTORY_RESET_FINISHED), "reset finished");
		break;
	case ResetControl::Step::none:
		break;
	}
}

void Device::begin_reset(uint32_t control)
{
	const DriverInfo &driver = features_.driver();

	reset_report_.begun({.now_ns = host_.now(),
			     .control = control,
			     .queues = queues_.live(),
			     .new_driver = new_driver_,
			     .sent_malformed = host_.sent_malformed(),
			     .os_type = driver.os_type(),
			     .driver_version = driver.driver_version()});
	const ena_reset_info &info = reset_report_.resets().last;
	host_.tell(Happening(ENA_HISTORY_RESET_BEGUN)
			   .with(ENA_HISTORY_RESET_REASON, info.reason)
			   .with(ENA_HISTORY_CONTROL, control),
		   "reset by the driver, reason %u (%s)%s%s", info.reason, info.name,
		   info.remark ? ": " : "", info.remark ? info.remark : "");
	tear_down();
	host_.forget_malformed();
	address_.driver_reset(info.reason);
	statistics_.driver_reset(info.reason);
}

void Device::write_queue(uint32_t offset, uint32_t value)
{
	const uint32_t relative = offset - queue_registers;
	const QueueIndex q{static_cast<uint16_t>(relative / queue_registers_stride)};
	const QueueSlot &slot = queues_[q];

	switch (static_cast<QueueRegister>(relative % queue_registers_stride)) {
	case QueueRegister::doorbell:
		if (host_.struck_by(Fault::doorbell_lost, q.value))
			break;
		if (!queues_.ring_doorbell(q, static_cast<uint16_t>(value)))
			break;
		if (slot.sq.direction == Direction::rx)
			rx_.buffers_posted(q);
		else
			tx_.doorbell(q);
		schedule_if_work();
		break;
	case QueueRegister::unmask:
		if (!slot.cq.live)
			host_.complain("unmask register of queue %u, which does not exist",
				       q.value);
		else if (slot.cq.vector != no_vector)
			interrupts_.unmask(slot.cq.vector, value);
		break;
	case QueueRegister::numa: /* a hint that changes nothing here */
		break;
	default:
		host_.complain("write of 0x%x to 0x%x, which is no register of queue %u", value,
			       offset, q.value);
		break;
	}
}

void Device::complain_about_access(const char *what, uint64_t offset, unsigned int size)
{
	host_.complain("%s of %u bytes at 0x%llx: registers take aligned accesses of 4 bytes", what,
		       size, static_cast<unsigned long long>(offset));
}

bool Device::answer(const ena_aq_entry &command, bool waited, ena_acq_entry &completion)
{
	if (host_.faults().set(admin_faults) && !waited) [[unlikely]] {
		switch (admin_faults_.judge(command, completion)) {
		case AdminFaults::Verdict::execute:
			break;
		case AdminFaults::Verdict::answer:
			return true;
		case AdminFaults::Verdict::lose:
		case AdminFaults::Verdict::wait:
			return false;
		}
	}
	if (config_.strict) {
		const auto status = check_strictly(
			host_, command,
			{events_.queue().ring().depth() != 0, features_.driver().spec_major()});
		completion.common.status = static_cast<uint8_t>(status);
		if (status)
			return true;
	}
	commands_.execute(command, completion);
	if (command.common.opcode == ENA_ADMIN_DESTROY_SQ) {
		tx_.queue_destroyed();
		rx_.queue_destroyed();
	}
	return true;
}

void Device::check_admin()
{
	if (admin_.failed() && !reset_.fatal())
		fatal_error(0);
}

void Device::poll_admin()
{
	ena_aq_entry command;
	bool answered = false;

	for (unsigned int done = 0; done < admin_budget; done++) {
		ena_acq_entry completion{};
		const bool waited = admin_faults_.waiting();
		if (waited ? !admin_faults_.resume(host_.now(), command)
			   : !admin_.next(host_, command))
			break;
		if (!answer(command, waited, completion))
			continue;
		admin_.complete(host_, command, completion);
		answered = true;
	}
	check_admin();
	if (answered)
		interrupts_.management();
}

void Device::poll()
{
	scheduled_ = false;
	if (slow_until_ns_ != no_deadline) [[unlikely]]
		return;
	poll_admin();
	tx_.poll();
	schedule_if_work();
	rearm_timer();
}

void Device::timer()
{
	const uint64_t now = host_.now();

	timer_ns_ = no_deadline;
	interrupts_.expire(now);
	events_.expire(now);
	rx_.expire(now);
	tx_.expire(now);
	if (now >= fault_deadline()) [[unlikely]]
		expire_faults(now);
	schedule_if_work();
	rearm_timer();
}

void Device::transmit_ready()
{
	tx_wire_.ready();
	if (!tx_wire_.blocked())
		tx_.ready();
	schedule_if_work();
}

void Device::set_link(bool up)
{
	host_.tell(Happening(ENA_HISTORY_LINK), "link %s", up ? "up" : "down");
	link_up_ = up;
	update_link();
	rearm_timer();
}

bool Device::share_allowance(Allowance &allowance)
{
	return share_.join(allowance);
}

void Device::set_vnet(const VnetAbilities &abilities)
{
	tx_.set_vnet(abilities);
}

void Device::update_hints(const ena_config &config)
{
	events_.update_hints(make_hints(config));
	rearm_timer();
}

const char *Device::post_event(unsigned int group, uint64_t value)
{
	if (group >= ENA_AENQ_GROUPS)
		return "there is no event group of that number";
	if (!(events_.supported_groups() >> group & 1))
		return "the event group is not offered";
	if (reset_.in_reset())
		return "the adapter is in reset";
	if (group == ENA_AENQ_FATAL_ERROR)
		fatal_error(static_cast<uint16_t>(value));
	else
		events_.post(static_cast<ena_aenq_group>(group), value);
	rearm_timer();
	return nullptr;
}

void Device::fatal_error(uint16_t syndrome)
{
	reset_.set_fatal();
	host_.tell(Happening(ENA_HISTORY_FATAL_ERROR).with(ENA_HISTORY_SYNDROME, syndrome),
		   "fatal error, syndrome %u: DEV_STS says so until a reset", syndrome);
	events_.post(ENA_AENQ_FATAL_ERROR, syndrome);
}

bool Device::can_receive() const
{
	return !reset_.in_reset() && events_.link_up() && queues_.can_receive();
}

ena_receive_result Device::receive(std::span<const iovec> frame, const ena_vnet_hdr *hdr)
{
	const ena_receive_result result = rx_wire_.bad() ? receive_from_bad_wire(frame, hdr)
							 : receive_now(frame, hdr);
	rearm_timer();
	return result;
}

ena_receive_result Device::receive_now(std::span<const iovec> frame, const ena_vnet_hdr *hdr)
{
	if (can_receive())
		return rx_.receive(frame, hdr);
	return rx_.drop(reset_.in_reset()    ? "the adapter is in reset"
			: !events_.link_up() ? "the link is down"
					     : "there is no running RX queue");
}

void Device::tear_down()
{
	admin_ = {};
	admin_faults_.reset();
	slow_until_ns_ = no_deadline;
	readless_.reset();
	interrupts_.reset();
	events_.reset();
	tx_.reset();
	queues_.reset();
	rx_.reset();
	rss_.reset();
	phc_.reset();
	timestamps_.reset();
	steering_.reset();
	fragments_.reset();
	features_.reset();
	share_.reset();
	rearm_timer();
}

void Device::power_on_reset()
{
	tear_down();
	reset_ = {};
	new_driver_ = false;
	address_.power_on();
	vfs_.power_on();
	host_.tell(Happening(ENA_HISTORY_POWER_ON), "reset by the bus: state as at power-on");
	statistics_.rebase();
	tx_wire_.ready();
	tx_.ready();
	/* The host may have cancelled what it was asked for. */
	scheduled_ = false;
	timer_ns_ = no_deadline;
	host_.set_timer(no_deadline);
}

void Device::schedule()
{
	if (scheduled_ || slow_until_ns_ != no_deadline)
		return;
	if (const FaultRule *rule = host_.struck_by(Fault::slow)) [[unlikely]]
		slow_until_ns_ = host_.now() + rule->delay_ns;
	else
		schedule_at_once();
}

void Device::schedule_at_once()
{
	if (scheduled_)
		return;
	scheduled_ = true;
	host_.schedule();
}

void Device::schedule_if_work()
{
	if ((admin_.pending() && !admin_faults_.waiting()) || tx_.has_work())
		schedule();
}

void Device::rearm_timer()
{
	const uint64_t deadline = std::min({interrupts_.deadline(), events_.deadline(),
					    rx_.deadline(), tx_.deadline(), fault_deadline()});

	if (deadline == timer_ns_)
		return;
	timer_ns_ = deadline;
	host_.set_timer(deadline);
}

} // namespace ena
