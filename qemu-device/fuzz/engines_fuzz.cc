// SPDX-License-Identifier: GPL-2.0-or-later
/* The network engines against the obvious way to compute the same. */
#include "core/net/checksum.hh"
#include "core/net/packet.hh"
#include "core/net/segment.hh"
#include "core/net/toeplitz.hh"
#include "frame_input.hh"
#include "tests/net/reference.hh"

namespace
{
using reference::be;
using reference::Bytes;
using reference::View;

/* What parse() should say, one header after the other, all of it inside @head. */
net::Packet naive_parse(View head, size_t frame_length)
{
	net::Packet p;
	size_t at = 12;
	const auto has = [&](size_t offset, size_t n) {
		return offset + n <= head.size();
	};

	head = head.first(std::min({head.size(), size_t{256}, frame_length}));
	if (!has(at, 2))
		return p;
	while ((be(head, at, 2) == 0x8100 || be(head, at, 2) == 0x88a8) && p.vlan_count < 2) {
		p.vlan_count++;
		at += 4;
		if (!has(at, 2))
			return p;
	}
	const uint32_t type = be(head, at, 2);
	at += 2;
	size_t end = 0;
	uint8_t protocol = 59;
	if (type == 0x0800 && has(at, 20) && head[at] >> 4 == 4 && (head[at] & 15) >= 5 &&
	    has(at, (head[at] & 15) * 4u)) {
		p.l3 = net::L3::ipv4;
		p.l3_offset = static_cast<uint16_t>(at);
		p.l3_length = static_cast<uint16_t>((head[at] & 15) * 4);
		p.fragment = be(head, at + 6, 2) & 0x3fff;
		end = at + be(head, at + 2, 2);
		protocol = p.fragment || be(head, at + 2, 2) < p.l3_length ? 59 : head[at + 9];
	} else if (type == 0x86dd && has(at, 40) && head[at] >> 4 == 6) {
		p.l3 = net::L3::ipv6;
		p.l3_offset = static_cast<uint16_t>(at);
		end = at + 40 + be(head, at + 4, 2);
		head = head.first(std::min(head.size(), end));
		protocol = head[at + 6];
		size_t next = at + 40;
		for (int n = 0;; n++) {
			const bool options = protocol == 60 || (protocol == 0 && n == 0);
			if (!options && protocol != 43 && protocol != 44)
				break;
			const uint8_t kind = protocol;
			p.ipv6_ext = true;
			protocol = 59;
			if (n == 8 || !has(next, 8))
				break;
			if (kind == 44 && be(head, next + 2, 2) & 0xfff9) {
				p.fragment = true;
				break;
			}
			const size_t size = kind == 44 ? 8 : (head[next + 1] + 1) * 8u;
			if ((kind == 43 && head[next + 3]) || !has(next, size))
				break;
			protocol = head[next];
			next += size;
		}
		p.l3_length = static_cast<uint16_t>(next - at);
	} else {
		return p;
	}
	const size_t l4 = p.l3_offset + size_t{p.l3_length};
	if (end > frame_length)
		return p;
	head = head.first(std::min(head.size(), end));
	size_t header = 0;
	if (protocol == 6 && has(l4, 20) && head[l4 + 12] >> 4 >= 5 &&
	    has(l4, head[l4 + 12] / 16 * 4u))
		header = head[l4 + 12] / 16 * 4u;
	else if (protocol == 17 && has(l4, 8) && be(head, l4 + 4, 2) >= 8 &&
		 l4 + be(head, l4 + 4, 2) <= end)
		header = 8;
	if (!header)
		return p;
	p.l4 = protocol == 6 ? net::L4::tcp : net::L4::udp;
	p.l4_offset = static_cast<uint16_t>(l4);
	p.l4_length = static_cast<uint16_t>(end - l4);
	p.header_length = static_cast<uint16_t>(l4 + header);
	return p;
}

bool same(const net::Packet &a, const net::Packet &b)
{
	return a.l3 == b.l3 && a.l4 == b.l4 && a.l3_offset == b.l3_offset &&
	       a.l3_length == b.l3_length && a.l4_offset == b.l4_offset &&
	       a.l4_length == b.l4_length && a.header_length == b.header_length &&
	       a.vlan_count == b.vlan_count && a.fragment == b.fragment && a.ipv6_ext == b.ipv6_ext;
}

/* Bytes that the L4 checksum covers. */
size_t l4_end(const Bytes &bytes, const net::Packet &p)
{
	return p.l4_offset +
	       (p.l4 == net::L4::udp ? be(bytes, p.l4_offset + 4u, 2) : size_t{p.l4_length});
}

uint16_t l4_sum(const Bytes &bytes, const net::Packet &p)
{
	return reference::l4_sum(bytes, p.l3_offset, p.l4_offset, l4_end(bytes, p),
				 p.l3 == net::L3::ipv6, p.l4 == net::L4::tcp ? 6 : 17);
}

void check_verdicts(fuzz::Input &input, Bytes &bytes, const net::Packet &p)
{
	std::mt19937 rng(input.byte());
	const std::vector<iovec> pieces = reference::scatter(rng, bytes);
	const net::ChecksumResult verdict = net::verify(p, pieces);
	net::ChecksumResult due;

	if (p.l3 == net::L3::ipv4)
		due.l3 = reference::sum(View(bytes).subspan(p.l3_offset, p.l3_length)) == 0xffff
				 ? net::Check::good
				 : net::Check::bad;
	if (p.l4 != net::L4::none && !(p.l4 == net::L4::udp && !be(bytes, p.l4_offset + 6u, 2)))
		due.l4 = l4_sum(bytes, p) == 0xffff ? net::Check::good : net::Check::bad;
	FUZZ_CHECK(verdict.l3 == due.l3 && verdict.l4 == due.l4, "verdicts %d %d, due %d %d",
		   int(verdict.l3), int(verdict.l4), int(due.l3), int(due.l4));
}

/* @after is @before with @field, two bytes, changed to @value and nothing else. */
void check_field(Bytes before, const Bytes &after, size_t field, uint16_t value)
{
	reference::put_be(before, field, 2, value);
	FUZZ_CHECK(before == after, "checksum 0x%04x at %zu: 0x%x is there, or more has changed",
		   value, field, be(after, field, 2));
}

void check_filling(fuzz::Input &input, const Bytes &bytes, const net::Packet &p)
{
	Bytes filled = bytes;

	if (net::fill_l4_full(filled, p)) {
		const size_t field = p.l4_offset + (p.l4 == net::L4::tcp ? 16u : 6u);
		Bytes zeroed = bytes;
		reference::put_be(zeroed, field, 2, 0);
		uint32_t sum = 0xffffu - l4_sum(zeroed, p);
		if (!sum && p.l4 == net::L4::udp)
			sum = 0xffff;
		check_field(bytes, filled, field, static_cast<uint16_t>(sum));
	} else {
		FUZZ_CHECK(p.l4 == net::L4::none, "a checksum was not filled in");
	}

	filled = bytes;
	net::fill_l3(filled, p);
	if (p.l3 == net::L3::ipv4) {
		Bytes zeroed = bytes;
		reference::put_be(zeroed, p.l3_offset + 10u, 2, 0);
		const View header = View(zeroed).subspan(p.l3_offset, p.l3_length);
		check_field(bytes, filled, p.l3_offset + 10u,
			    static_cast<uint16_t>(0xffffu - reference::sum(header)));
	} else {
		FUZZ_CHECK(filled == bytes, "a header that is not IPv4 was changed");
	}

	filled = bytes;
	const size_t start = input.below(400), offset = input.below(40);
	const bool fits = start + offset + 2 <= bytes.size();
	FUZZ_CHECK(net::fill_partial(filled, start, offset) == fits,
		   "partial sum at %zu + %zu of %zu", start, offset, bytes.size());
	if (fits) {
		const uint32_t sum = 0xffffu - reference::sum(View(bytes).subspan(start));
		check_field(bytes, filled, start + offset,
			    static_cast<uint16_t>(sum ? sum : 0xffff));
	} else {
		FUZZ_CHECK(filled == bytes, "a frame without room for the sum was changed");
	}
}

/* The segment that carries payload bytes @from to @to. */
Bytes naive_segment(const Bytes &frame, const net::SegmentRequest &r, size_t from, size_t to)
{
	const size_t header = size_t{r.l4_offset} + r.l4_length;
	const bool last = header + to == frame.size();
	Bytes s(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(header));

	s.insert(s.end(), frame.begin() + static_cast<ptrdiff_t>(header + from),
		 frame.begin() + static_cast<ptrdiff_t>(header + to));
	const auto length = static_cast<uint32_t>(s.size() - r.l3_offset);
	if (r.ipv6) {
		reference::put_be(s, r.l3_offset + 4u, 2, length - 40);
	} else {
		reference::put_be(s, r.l3_offset + 2u, 2, length);
		reference::put_be(s, r.l3_offset + 4u, 2,
				  be(s, r.l3_offset + 4u, 2) + static_cast<uint32_t>(from / r.mss));
		reference::put_be(s, r.l3_offset + 10u, 2, 0);
		const View ip = View(s).subspan(r.l3_offset, r.l3_length);
		reference::put_be(s, r.l3_offset + 10u, 2, 0xffffu - reference::sum(ip));
	}
	reference::put_be(s, r.l4_offset + 4u, 4,
			  be(s, r.l4_offset + 4u, 4) + static_cast<uint32_t>(from));
	s[r.l4_offset + 13u] &= static_cast<uint8_t>((from ? ~0x80 : ~0) & (last ? ~0 : ~0x09));
	reference::put_be(s, r.l4_offset + 16u, 2, 0);
	const uint32_t sum = reference::l4_sum(s, r.l3_offset, r.l4_offset, s.size(), r.ipv6, 6);
	reference::put_be(s, r.l4_offset + 16u, 2, 0xffffu - sum);
	return s;
}

void check_segments(fuzz::Input &input, const fuzz::InputFrame &f)
{
	const uint8_t how = input.byte();
	static constexpr uint16_t sizes[] = {1448, 1, 8, 536, 8961, 0};
	const net::SegmentRequest request = {
		.l3_offset = static_cast<uint16_t>(how & 1 ? input.byte() : f.l3_offset),
		.l3_length =
			static_cast<uint16_t>(how & 2 ? input.byte() : f.l4_offset - f.l3_offset),
		.l4_offset = static_cast<uint16_t>(how & 4 ? input.byte() : f.l4_offset),
		.l4_length = static_cast<uint16_t>(how & 8 ? input.byte()
							   : f.payload_offset - f.l4_offset),
		.ipv6 = how & 16 ? !f.ipv6 : f.ipv6,
		.mss = how & 32 ? input.take<uint16_t>() : input.pick(sizes),
	};
	const Bytes &frame = f.bytes;
	net::Segmenter segmenter;
	std::array<iovec, 2> pieces;

	if (!segmenter.init(frame, request)) {
		FUZZ_CHECK(!segmenter.next(pieces), "segments of a request that was refused");
		return;
	}
	const size_t header = size_t{request.l4_offset} + request.l4_length;
	const size_t payload = frame.size() - header;
	size_t done = 0, count = 0;
	while (segmenter.next(pieces)) {
		const size_t to = std::min<size_t>(payload, done + request.mss);
		Bytes got;
		for (const iovec &piece : pieces) {
			const auto *p = static_cast<const uint8_t *>(piece.iov_base);
			got.insert(got.end(), p, p + piece.iov_len);
		}
		/* Many small ones are all alike. */
		if (count < 40 || to == payload)
			FUZZ_CHECK(got == naive_segment(frame, request, done, to),
				   "segment %zu at payload byte %zu", count, done);
		done = to;
		count++;
	}
	FUZZ_CHECK(done == payload && count == segmenter.count(),
		   "%zu segments with %zu of %zu bytes", count, done, payload);
}

void check_sums(fuzz::Input &input)
{
	Bytes bytes(input.below(200));
	net::Sum sum;
	net::ToeplitzKey key;

	input.fill(bytes);
	for (size_t at = 0; at < bytes.size();) {
		const size_t n = std::min<size_t>(1 + input.below(70), bytes.size() - at);
		sum.add(std::span(bytes).subspan(at, n));
		at += n;
	}
	/* 0 and 0xffff are the same sum. */
	FUZZ_CHECK(sum.fold() % 0xffff == reference::sum(bytes) % 0xffff, "sum 0x%x, due 0x%x",
		   sum.fold(), reference::sum(bytes));

	input.fill(key.bytes);
	const auto init = input.take<uint32_t>();
	const View some(bytes.data(), std::min<size_t>(bytes.size(), net::toeplitz_max_input));
	net::Toeplitz table;
	table.set_key(key);
	const uint32_t due = reference::toeplitz(key.bytes, some) ^ init;
	FUZZ_CHECK(table.hash(bytes, init) == due && net::toeplitz(key, bytes, init) == due,
		   "hash 0x%x, due 0x%x", table.hash(bytes, init), due);
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	const uint8_t how = input.byte();

	if (how & 1) {
		check_sums(input);
		return 0;
	}
	fuzz::InputFrame f = fuzz::take_frame(input, how & 2 ? 60000 : 300);
	if (f.bytes.empty())
		return 0;
	const size_t shown = how & 4 ? input.below(300) : f.bytes.size();
	const View head = View(f.bytes).first(std::min(shown, f.bytes.size()));
	const net::Packet p = net::parse(head, f.bytes.size());
	FUZZ_CHECK(same(p, naive_parse(head, f.bytes.size())), "parse() differs");
	check_verdicts(input, f.bytes, p);
	check_filling(input, f.bytes, p);
	check_segments(input, f);
	return 0;
}
