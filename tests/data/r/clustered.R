# Clustered standard errors of AUROC and calibration, from R, on data simulated here.
#
#   Rscript tests/data/r/clustered.R tests/data/r
#
# writes clustered.csv (household, y, p) and clustered_expected.csv (measure, value) into the folder. R with rms and
# pROC is needed only to write them anew; on Debian: apt-get install r-base-core r-cran-rms r-cran-proc.

suppressMessages({
  library(rms)
  library(pROC)
})
folder <- commandArgs(trailingOnly = TRUE)[1]

# 600 rows of about 150 households: rows of a household share a risk, some in full. Risks are too extreme, and tied.
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(20)
size <- sample(1:8, 400, replace = TRUE)
home <- rep(seq_along(size), size)[1:600]
shared <- rnorm(max(home), 0, 1)[home]
truth <- -1.6 + shared + rnorm(600, 0, 0.5)
y <- rbinom(600, 1, plogis(truth))
p <- round(plogis(0.4 + 1.5 * truth + rnorm(600, 0, 0.8)), 3)
p <- pmin(pmax(p, 0.001), 0.999)
shuffled <- sample(600)
table <- data.frame(household = sprintf("h%03d", home), y = y, p = p)[shuffled, ]
write.csv(table, file.path(folder, "clustered.csv"), row.names = FALSE, quote = FALSE)

table <- read.csv(file.path(folder, "clustered.csv"))
y <- table$y
p <- table$p
home <- table$household
lp <- qlogis(p)

# Obuchowski (1997), Biometrics 53, 567-578, written out pair by pair: the components of the area, their sums within
# clusters, and the variance from the three sums of squares and products.
score <- function(event, other) mean((event > other) + 0.5 * (event == other))
events <- p[y == 1]
others <- p[y == 0]
v10 <- sapply(events, function(each) score(each, others))
v01 <- sapply(others, function(each) score(events, each))
area <- mean(v10)
clusters <- unique(home)
sums <- t(sapply(clusters, function(each) {
  one <- v10[home[y == 1] == each]
  nought <- v01[home[y == 0] == each]
  c(sum(one), length(one), sum(nought), length(nought))
}))
m <- length(events)
n <- length(others)
i10 <- sum(sums[, 2] > 0)
i01 <- sum(sums[, 4] > 0)
i <- nrow(sums)
first <- sums[, 1] - sums[, 2] * area
second <- sums[, 3] - sums[, 4] * area
s10 <- i10 / ((i10 - 1) * m) * sum(first^2)
s01 <- i01 / ((i01 - 1) * n) * sum(second^2)
s11 <- i / (i - 1) * sum(first * second)
clustered <- s10 / m + s01 / n + 2 * s11 / (m * n)

# The same with every row its own cluster is DeLong's variance, which pROC gives.
curve <- roc(y, p, direction = "<", quiet = TRUE)

# Recalibration line and calibration-in-the-large, with the sandwich of robcov (method "huber") by household.
line <- lrm(y ~ lp, x = TRUE, y = TRUE, tol = 1e-14, eps = 1e-12, maxit = 100)
robust <- robcov(line, cluster = home, method = "huber")
alone <- glm(y ~ offset(lp), family = binomial, control = glm.control(epsilon = 1e-14, maxit = 100))

# The sandwich of calibration-in-the-large, written out: the score of a row is its outcome less its fitted risk.
residual <- y - fitted(alone)
information <- sum(fitted(alone) * (1 - fitted(alone)))
large_robust <- sqrt(sum(tapply(residual, home, sum)^2)) / information

expected <- c(
  households = i,
  households_with_event = i10,
  households_without_event_rows = i01,
  auroc = area,
  auroc_pROC = as.numeric(auc(curve)),
  auroc_variance_independent = as.numeric(var(curve, method = "delong")),
  auroc_variance_clustered = clustered,
  line_intercept = unname(coef(line)[1]),
  line_slope = unname(coef(line)[2]),
  line_intercept_se_independent = sqrt(vcov(line)[1, 1]),
  line_slope_se_independent = sqrt(vcov(line)[2, 2]),
  line_intercept_se_clustered = sqrt(vcov(robust)[1, 1]),
  line_slope_se_clustered = sqrt(vcov(robust)[2, 2]),
  in_the_large = unname(coef(alone)[1]),
  in_the_large_se_independent = sqrt(vcov(alone)[1, 1]),
  in_the_large_se_clustered = large_robust
)
write.csv(
  data.frame(measure = names(expected), value = sprintf("%.17g", expected)),
  file.path(folder, "clustered_expected.csv"),
  row.names = FALSE, quote = FALSE
)
versions <- c(R = paste(R.version$major, R.version$minor, sep = "."), rms = format(packageVersion("rms")),
              pROC = format(packageVersion("pROC")))
writeLines(paste(names(versions), versions), file.path(folder, "versions.txt"))
