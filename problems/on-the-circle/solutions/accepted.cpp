#include <cmath>
#include <cstdio>

int main() {
    double x, y, r;
    if (std::scanf("%lf %lf %lf", &x, &y, &r) != 3) return 1;
    std::printf("%.9f\n%.9f\n", x + r * std::cos(2.0), y + r * std::sin(2.0));
}
