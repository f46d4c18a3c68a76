/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hash_fields.hh"

#include "barriers.hh"

namespace oe
{

namespace
{

constexpr uint16_t ip_pair = ENA_RSS_L3_SA | ENA_RSS_L3_DA;
constexpr uint16_t four_tuple = ip_pair | ENA_RSS_L4_SP | ENA_RSS_L4_DP;

/* Fragments have no ports: all of a datagram must hash alike. */
struct {
	ena_rss_proto proto;
	uint16_t fields;
} constexpr default_fields[] = {
	{ENA_RSS_TCP4, four_tuple},  {ENA_RSS_UDP4, four_tuple}, {ENA_RSS_TCP6, four_tuple},
	{ENA_RSS_UDP6, four_tuple},  {ENA_RSS_IP4, ip_pair},     {ENA_RSS_IP6, ip_pair},
	{ENA_RSS_IP4_FRAG, ip_pair},
};

static_assert(static_cast<int>(OE_HASH_SRC_IP) == ENA_RSS_L3_SA);
static_assert(static_cast<int>(OE_HASH_DST_IP) == ENA_RSS_L3_DA);
static_assert(static_cast<int>(OE_HASH_SRC_PORT) == ENA_RSS_L4_SP);
static_assert(static_cast<int>(OE_HASH_DST_PORT) == ENA_RSS_L4_DP);

/* A field as ethtool's command line names it. */
struct {
	uint16_t bit;
	char letter;
} constexpr field_names[] = {
	{ENA_RSS_L3_SA, 's'},
	{ENA_RSS_L3_DA, 'd'},
	{ENA_RSS_L4_SP, 'f'},
	{ENA_RSS_L4_DP, 'n'},
};

Result<ena_rss_proto> proto_of(uint32_t type)
{
	switch (type) {
	case OE_FLOW_IPV4:
		return ENA_RSS_IP4;
	case OE_FLOW_IPV6:
		return ENA_RSS_IP6;
	case OE_FLOW_TCP4:
		return ENA_RSS_TCP4;
	case OE_FLOW_TCP6:
		return ENA_RSS_TCP6;
	case OE_FLOW_UDP4:
		return ENA_RSS_UDP4;
	case OE_FLOW_UDP6:
		return ENA_RSS_UDP6;
	default:
		return Errno::not_supported;
	}
}

const char *letters_of(uint16_t bits, char (&text)[5])
{
	char *end = text;

	for (const auto &name : field_names)
		if (bits & name.bit)
			*end++ = name.letter;
	*end = 0;
	return text;
}

} // namespace

Status HashFields::init(oe_kernel *kernel, AdminQueue &admin, const Features &features)
{
	for (const auto &each : default_fields)
		wanted_[each.proto] = each.fields;
	if (!features.has(ENA_FEATURE_RSS_HASH_INPUT))
		return {};
	if (Status status = control_.allocate(kernel, sizeof(ena_rss_hash_control)); !status)
		return status;
	/* Without an answer nothing is supported; a dead queue is noticed by who comes next. */
	(void)read(admin);
	return {};
}

Result<ena_rss_hash_input> HashFields::read(AdminQueue &admin)
{
	const auto *control = control_.as<ena_rss_hash_control>();

	control_.clear();
	auto input = get_feature<ena_rss_hash_input>(admin, ENA_FEATURE_RSS_HASH_INPUT, 0,
						     {control_.bus(), sizeof(*control)});
	if (!input)
		return input.error();
	for (uint32_t i = 0; i < ENA_RSS_PROTO_COUNT; i++)
		supported_[i] = control->supported[i].fields.get();
	note_selected();
	return input;
}

void HashFields::note_selected()
{
	const auto *control = control_.as<ena_rss_hash_control>();
	uint32_t whole = 0;

	for (uint32_t i = ENA_RSS_TCP4; i <= ENA_RSS_UDP6; i++)
		if ((control->selected[i].fields.get() & four_tuple) == four_tuple)
			whole |= 1u << i;
	store_relaxed(whole_tuples_, whole);
}

Result<uint32_t> HashFields::get(uint32_t type) const
{
	auto proto = proto_of(type);

	if (!proto)
		return proto.error();
	if (!(supported_[*proto] & four_tuple))
		return Errno::not_supported;
	return uint32_t{wanted_[*proto]} & supported_[*proto] & four_tuple;
}

Status HashFields::set(AdminQueue &admin, uint32_t type, uint32_t fields, bool tell, Refusal &why)
{
	char letters[5];
	auto proto = proto_of(type);
	const uint16_t possible = proto ? supported_[*proto] & four_tuple : 0;

	if (!possible) {
		why << "the device has no choice of fields to hash for these packets";
		return Errno::not_supported;
	}
	if (fields & ~uint32_t{possible}) {
		why << "of these packets the device hashes no fields but "
		    << letters_of(possible, letters);
		return Errno::invalid;
	}
	const uint16_t before = wanted_[*proto];
	const uint16_t fragments_before = wanted_[ENA_RSS_IP4_FRAG];
	wanted_[*proto] = static_cast<uint16_t>(fields);
	/* The rest of IPv4, which ethtool does not name. */
	if (*proto == ENA_RSS_IP4)
		wanted_[ENA_RSS_IP4_FRAG] = static_cast<uint16_t>(fields);
	Status status = tell ? this->tell(admin) : Status();
	if (!status) {
		wanted_[*proto] = before;
		wanted_[ENA_RSS_IP4_FRAG] = fragments_before;
		why << "the device refuses these fields";
	}
	return status;
}

Status HashFields::tell(AdminQueue &admin)
{
	auto *control = control_.as<ena_rss_hash_control>();
	auto input = read(admin);

	if (!input)
		return input.error();
	for (const auto &each : default_fields)
		control->selected[each.proto].fields.set(
			static_cast<uint16_t>(wanted_[each.proto] & supported_[each.proto]));
	/* Sorted input would make the hash symmetric, which is another function. */
	ena_rss_hash_input order = *input;
	order.enabled_sort.set(0);
	Status status = set_feature(admin, ENA_FEATURE_RSS_HASH_INPUT, order,
				    {control_.bus(), sizeof(*control)});
	if (status)
		note_selected();
	return status;
}

Status HashFields::apply(AdminQueue &admin, const Features &features)
{
	if (!control_.size() || !features.has(ENA_FEATURE_RSS_HASH_INPUT))
		return {};
	return tolerate_absence(admin.kernel(), "RSS hash fields", tell(admin));
}

} // namespace oe
