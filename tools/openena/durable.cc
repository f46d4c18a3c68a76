// SPDX-License-Identifier: GPL-2.0-or-later
#include "durable.hh"

#include "text.hh"
#include "trouble.hh"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>

namespace tool
{

namespace
{

constexpr size_t longest = 1 << 20;

[[noreturn]] void fail(const std::string &path, const char *what)
{
	throw Trouble(
		format("%s cannot be %s: %s", printable(path).c_str(), what, strerror(errno)));
}

std::string directory_of(const std::string &path)
{
	const std::string directory = std::filesystem::path(path).parent_path();
	return directory.empty() ? "." : directory;
}

void make_directory_of(const std::string &path)
{
	std::error_code error;

	std::filesystem::create_directories(directory_of(path), error);
	if (error)
		throw Trouble(printable(directory_of(path)) +
			      " cannot be made: " + error.message());
}

/* The name of a file is durable when its directory is. */
void sync_directory_of(const std::string &path)
{
	const Descriptor directory(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY));
	if (directory)
		(void)::fsync(directory.get());
}

} // namespace

void write_durably(const std::string &path, std::string_view text)
{
	const std::string fresh = path + ".new";

	make_directory_of(path);
	Descriptor file(
		::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
	if (!file)
		fail(path, "written");
	for (size_t done = 0; done < text.size();) {
		const ssize_t n = ::write(file.get(), text.data() + done, text.size() - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			const int error = errno;
			::unlink(fresh.c_str());
			errno = error;
			fail(path, "written");
		}
		done += static_cast<size_t>(n);
	}
	if (::fsync(file.get()) || ::rename(fresh.c_str(), path.c_str()))
		fail(path, "written");
	sync_directory_of(path);
}

bool read_pieces(const std::string &path, const std::function<void(std::string_view)> &take)
{
	const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
	char piece[4096];

	if (!file && errno == ENOENT)
		return false;
	if (!file)
		fail(path, "read");
	for (;;) {
		const ssize_t n = ::read(file.get(), piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ESRCH) /* a process that has ended since it was opened */
			return false;
		if (n < 0)
			fail(path, "read");
		if (n == 0)
			return true;
		take({piece, static_cast<size_t>(n)});
	}
}

std::optional<std::string> read_whole(const std::string &path)
{
	std::string text;
	const bool there = read_pieces(path, [&](std::string_view piece) {
		text += piece;
		if (text.size() > longest)
			throw Trouble(format("%s has more than %zu bytes", printable(path).c_str(),
					     longest));
	});

	return there ? std::optional(std::move(text)) : std::nullopt;
}

void remove_durably(const std::string &path)
{
	if (::unlink(path.c_str()) && errno != ENOENT)
		fail(path, "removed");
	sync_directory_of(path);
}

Descriptor lock_file(const std::string &path)
{
	make_directory_of(path);
	Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));

	if (!file)
		fail(path, "opened");
	if (::flock(file.get(), LOCK_EX | LOCK_NB))
		throw Trouble(printable(path) +
			      " is held: the same is being done by another openena");
	return file;
}

} // namespace tool
