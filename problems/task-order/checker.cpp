// Takes any permutation that keeps the rules. testlib's convention: input, output and
// answer as arguments; 0 is right, 1 is wrong, 3 is a mistake of the jury's.
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

// The whole numbers of a JSON text. The judge has made sure of its shape.
static std::vector<long long> numbers(const char* path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    std::vector<long long> found;
    std::string word;
    for (char letter : text.str() + " ") {
        if (letter == '-' || (letter >= '0' && letter <= '9')) {
            word += letter;
        } else if (!word.empty()) {
            found.push_back(std::stoll(word));
            word.clear();
        }
    }
    return found;
}

int main(int argc, char** argv) {
    if (argc != 4) return 3;
    const auto input = numbers(argv[1]);
    const auto output = numbers(argv[2]);
    if (input.empty() || input.size() % 2 != 1) return 3;
    const long long count = input[0];
    if (static_cast<long long>(output.size()) != count) {
        std::fprintf(stderr, "%zu tasks instead of %lld\n", output.size(), count);
        return 1;
    }
    std::vector<long long> place(count, -1);
    for (long long at = 0; at < count; ++at) {
        const long long task = output[at];
        if (task < 0 || task >= count || place[task] >= 0) {
            std::fprintf(stderr, "task %lld is unknown or there twice\n", task);
            return 1;
        }
        place[task] = at;
    }
    for (std::size_t at = 1; at < input.size(); at += 2) {
        if (place[input[at]] > place[input[at + 1]]) {
            std::fprintf(stderr, "%lld is done after %lld\n", input[at], input[at + 1]);
            return 1;
        }
    }
    return 0;
}
