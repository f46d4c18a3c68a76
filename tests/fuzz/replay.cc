// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs a fuzz target on the files and directories named, without a fuzzer. */
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace
{
unsigned int run(const std::filesystem::path &path)
{
	unsigned int ran = 0;

	if (std::filesystem::is_directory(path)) {
		for (const auto &entry : std::filesystem::directory_iterator(path))
			ran += run(entry.path());
		return ran;
	}
	std::ifstream file(path, std::ios::binary);
	const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
	if (file.bad())
		return 0;
	fprintf(stderr, "%s\n", path.c_str()); /* the last one is the culprit */
	LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
	return 1;
}
} // namespace

int main(int argc, char **argv)
{
	unsigned int ran = 0;

	for (int i = 1; i < argc; i++)
		ran += run(argv[i]);
	printf("%u inputs\n", ran);
	return ran ? 0 : 1;
}
