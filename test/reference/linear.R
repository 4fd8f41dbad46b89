# Constants of sql/accuracy_linear.sql: Rscript test/reference/linear.R (R 4.2.2 in Debian 12), from the top of the tree
d <- read.csv("test/data/diabetes.csv")
show <- function(name, feature, f)
	cat(name, feature, sprintf("%.15g", c(coef(summary(f))[feature, ], confint(f)[feature, ])), "\n")
show("lm", "bmi", lm(progression ~ ., d))
show("lm_weights", "ltg", lm(progression ~ ., d, weights = d$age / 10))
